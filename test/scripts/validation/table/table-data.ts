// Data files for the tests of reading: written to a folder of their own, read for a model of some signature.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Signature, TensorSpec } from '../../../../registry/signature.ts';
import { readData } from '../../../../scripts/validation/read-data.ts';
import type { DataOptions, TestData } from '../../../../scripts/validation/test-data.ts';
import { elementsOf } from '../../../../worker/protocol/elements.ts';
import type { Tensor } from '../../../../worker/protocol/tensor.ts';

export function input(name: string, datatype: TensorSpec['datatype'], shape: number[] = [-1, 1]): TensorSpec {
  return { name, datatype, shape };
}

export function signature(...inputs: TensorSpec[]): Signature {
  return { inputs, outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }] };
}

export function values({ datatype, data }: Tensor): unknown[] {
  if (!(data instanceof Uint8Array)) return data.map((bytes) => new TextDecoder().decode(bytes));
  return Array.from(elementsOf(datatype as 'FP32', data) as ArrayLike<number>);
}

export class DataFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'popserve-table-'));

  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  read(
    name: string,
    content: string | Uint8Array,
    model: Signature,
    options: Partial<DataOptions> & { needsTruth?: boolean } = {},
  ): Promise<TestData> {
    const { needsTruth = true, ...data } = options;
    const path = join(this.path, name);
    writeFileSync(path, content);
    return readData({ path, ...data }, model, needsTruth);
  }

  /** The elements of all rows, by input. */
  async inputs(...asked: Parameters<DataFolder['read']>): Promise<Record<string, unknown[]>> {
    const [name, content, model, options] = asked;
    const data = await this.read(name, content, model, options);
    const tensors = await data.inputs(0, data.reference.rows);
    return Object.fromEntries(tensors.map((tensor) => [tensor.name, values(tensor)]));
  }
}
