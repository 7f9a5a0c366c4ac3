// The rows of the test data in batches as a model takes them, and its answers put together again.

import { batchOf } from '../../registry/batch.ts';
import { rowElements } from '../../registry/feature.ts';
import type { Signature } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { TestData } from './test-data.ts';

/** Rows that go into one run: `from` to `to`, exclusive. */
export interface Rows {
  readonly from: number;
  readonly to: number;
}

export interface Batch extends Rows {
  /**
   * As the model takes them: filled up with the last row where it insists on more. Read at each call and kept nowhere: a folder
   * of pictures does not fit into memory.
   */
  readonly readInputs: () => Promise<readonly Tensor[]>;
}

/** Outputs of one run, of its rows only. */
export interface Answer extends Rows {
  readonly outputs: readonly Tensor[];
}

/** Elements of one run at most: some hundred rows of a table, one picture. */
const mostElements = 65_536;
const mostRows = 256;

/** Rows of a run, and whether a run must have exactly so many. */
export interface BatchSize {
  readonly rows: number;
  readonly isFixed: boolean;
}

/** As many rows as the model takes at once, within reason; one where not all of its inputs have rows. */
export function batchSize(signature: Signature): BatchSize {
  const { inputs } = signature;
  const batch = batchOf(signature);
  if (inputs.some(({ name }) => !batch.inputs.has(name))) return { rows: 1, isFixed: true };
  if (batch.size !== -1) return { rows: batch.size, isFixed: true };
  const elements = inputs.map((spec) => rowElements(spec));
  if (elements.includes(null)) return { rows: 1, isFixed: false };
  const perRow = elements.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  return { rows: Math.max(1, Math.min(mostRows, Math.floor(mostElements / Math.max(1, perRow)))), isFixed: false };
}

export function batchesOf(data: TestData, { rows, isFixed }: BatchSize): Batch[] {
  const total = data.reference.rows;
  return Array.from({ length: Math.ceil(total / rows) }, (_, index) => {
    const [from, to] = [index * rows, Math.min(total, (index + 1) * rows)];
    const readInputs = async () => {
      const inputs = await data.inputs(from, to);
      return isFixed && to - from < rows ? inputs.map((each) => padded(each, rows)) : inputs;
    };
    return { from, to, readInputs };
  });
}

/** A model's answers to these rows, without those that only filled up their batch. */
export function answered({ from, to }: Rows, outputs: readonly Tensor[]): Answer {
  return { from, to, outputs: ownRows({ from, to }, outputs) };
}

/** A batch's tensors without the rows that only filled it up. */
export function ownRows({ from, to }: Rows, tensors: readonly Tensor[]): Tensor[] {
  return tensors.map((tensor) => cut(tensor, to - from));
}

/** The rows of an output over all runs. */
export function outputRows(answers: readonly Answer[], name: string): { shape: readonly number[]; tensors: Tensor[] } {
  const tensors = answers.flatMap(({ outputs }) => outputs.filter((output) => output.name === name));
  return { shape: tensors[0]?.shape ?? [], tensors };
}

/** The last row again and again, up to the batch that the model insists on. */
export function padded(tensor: Tensor, rows: number): Tensor {
  const given = tensor.shape[0] ?? 1;
  const { data } = tensor;
  const shape = [rows, ...tensor.shape.slice(1)];
  const size = data.length / given;
  if (data instanceof Uint8Array) {
    const full = new Uint8Array(size * rows);
    for (let row = 0; row < rows; row++) {
      const source = Math.min(row, given - 1) * size;
      full.set(data.subarray(source, source + size), row * size);
    }
    return { ...tensor, shape, data: full };
  }
  const last = data.slice((given - 1) * size);
  const more = Array.from({ length: rows - given }, () => last).flat();
  return { ...tensor, shape, data: [...data, ...more] };
}

function cut(tensor: Tensor, rows: number): Tensor {
  const [first = 1, ...rest] = tensor.shape;
  if (first <= rows) return tensor;
  const size = tensor.data.length / first;
  return { ...tensor, shape: [rows, ...rest], data: tensor.data.slice(0, size * rows) as Tensor['data'] };
}
