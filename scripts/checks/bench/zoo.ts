// The folder of real models with real inputs, if this machine has one: POPSERVE_MODEL_ZOO, else ../shared/models.
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Datatype, elementBytes, elementCount } from '../../../registry/signature.ts';
import { datatypeOf, elementTypeName } from '../../../worker/protocol/element-type.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { projectRoot } from '../../build/project.ts';

const folder = process.env.POPSERVE_MODEL_ZOO ?? join(projectRoot, '..', 'shared', 'models');

export const hasZoo = existsSync(folder);

interface GoldenTensor {
  dtype: string;
  shape: number[];
  data?: (number | string | boolean)[];
  bin?: string;
}

export function zooModelPath(name: string): string {
  return join(folder, name, 'model.onnx');
}

/** Names of a classifier's classes, in their order. */
export async function zooLabels(name: string): Promise<string[]> {
  return new TextDecoder()
    .decode(await zooFile(name, 'labels.txt'))
    .trimEnd()
    .split('\n');
}

/** A file beside the model. */
export async function zooFile(name: string, path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(folder, name, path)));
}

/** The inputs of a golden case. @throws Error for an element type that no benchmark uses */
export async function zooInputs(name: string, golden: string): Promise<Tensor[]> {
  const directory = join(folder, name, 'golden');
  const { inputs } = JSON.parse(await readFile(join(directory, `${golden}.json`), 'utf8')) as {
    inputs: Record<string, GoldenTensor>;
  };
  const tensors: Tensor[] = [];
  for (const [input, { dtype, shape, data, bin }] of Object.entries(inputs)) {
    const datatype = datatypeNamed(dtype);
    const bytes = bin ? new Uint8Array(await readFile(join(directory, bin))) : elements(datatype, data ?? []);
    if (bytes.length !== elementCount(shape) * elementBytes[datatype]) {
      throw new Error(`golden case ${golden} of ${name}: input '${input}' has ${bytes.length} bytes`);
    }
    tensors.push({ name: input, datatype, shape, data: bytes });
  }
  return tensors;
}

/** Names of the models whose file is smaller than this. */
export async function zooModelsBelow(bytes: number): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || !existsSync(zooModelPath(entry.name))) continue;
    if ((await stat(zooModelPath(entry.name))).size < bytes) names.push(entry.name);
  }
  return names.sort();
}

function datatypeNamed(name: string): Datatype {
  for (let elementType = 1; elementType < 27; elementType++) {
    const datatype = datatypeOf(elementType);
    if (datatype !== null && elementTypeName(elementType) === name) return datatype;
  }
  throw new Error(`no datatype '${name}'`);
}

function elements(datatype: Datatype, data: readonly (number | string | boolean)[]): Uint8Array {
  if (datatype === 'INT64') return new Uint8Array(BigInt64Array.from(data.map(BigInt)).buffer);
  if (datatype === 'FP32') return new Uint8Array(Float32Array.from(data.map(Number)).buffer);
  if (datatype === 'INT32') return new Uint8Array(Int32Array.from(data.map(Number)).buffer);
  throw new Error(`golden inputs of ${datatype} as JSON are not read here`);
}
