// Rows of sample inputs, put together anew: two records out of the samples that a model is known to run on.
import { equalBytes, joinBytes } from '../../registry/bytes.ts';
import { elementBytes, elementCount } from '../../registry/signature.ts';
import { firstOtherString } from '../../worker/protocol/compare-elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Sample } from './samples.ts';

/** One record: the inputs with their row of it, and those that it shares with all others. */
export interface Row {
  readonly batched: ReadonlySet<string>;
  readonly inputs: readonly Tensor[];
  /** The model's answer to it alone; null where it was not asked. */
  readonly answer: readonly Tensor[] | null;
}

/**
 * Two records with different values where the samples have them, and the same shared inputs.
 * @param inputs names of those whose axis 0 counts records
 * @returns null without a sample, or where these inputs have no common size
 */
export function rowPair(samples: readonly Sample[], inputs: readonly string[]): readonly [Row, Row] | null {
  const batched = new Set(inputs);
  const [first, ...others] = samples.flatMap((sample) => rowsOf(sample, batched));
  if (first === undefined) return null;
  const other = others.find((row) => fitsBeside(first, row) && !isSame(first, row));
  return [first, other === undefined ? turned(first) : besideShared(other, first)];
}

/** Rows of one shape, one below the other. */
export function stackRows(rows: readonly Row[]): Tensor[] {
  const [first] = rows;
  return (first?.inputs ?? []).map((tensor, index) => {
    if (!first?.batched.has(tensor.name)) return tensor;
    const parts = rows.flatMap(({ inputs }) => inputs[index] ?? []);
    const shape = [rows.length, ...tensor.shape.slice(1)];
    return { ...tensor, shape, data: joined(parts.map(({ data }) => data)) };
  });
}

/** A row of a tensor, its dimension of rows included. */
export function rowAt(tensor: Tensor, row: number): Tensor {
  const { datatype, data } = tensor;
  const shape = [1, ...tensor.shape.slice(1)];
  const size = elementCount(shape) * (data instanceof Uint8Array ? elementBytes[datatype] : 1);
  const [from, to] = [row * size, (row + 1) * size];
  return { ...tensor, shape, data: data.slice(from, to) as Tensor['data'] };
}

/** The same inputs with other values in one row: those of another row or sample. */
export function replaceRow(
  inputs: readonly Tensor[],
  names: readonly string[],
  row: number,
  samples: readonly Sample[],
): Tensor[] {
  return inputs.map((tensor) => {
    const rows = tensor.shape[0] ?? 0;
    if (!names.includes(tensor.name) || rows === 0) return tensor;
    const own = rowAt(tensor, row);
    const others = samples.flatMap((sample) => {
      const other = sample.inputs.find(({ name }) => name === tensor.name);
      if (other === undefined || other.shape.slice(1).join() !== tensor.shape.slice(1).join()) return [];
      return Array.from({ length: other.shape[0] ?? 0 }, (_, index) => rowAt(other, index));
    });
    const replacement = others.find((other) => !isSameTensor(own, other)) ?? turnedTensor(own);
    const parts = Array.from({ length: rows }, (_, index) => (index === row ? replacement : rowAt(tensor, index)).data);
    return { ...tensor, data: joined(parts) };
  });
}

function rowsOf({ inputs, outputs }: Sample, batched: ReadonlySet<string>): Row[] {
  const sizes = new Set(inputs.filter(({ name }) => batched.has(name)).map(({ shape }) => shape[0] ?? 0));
  const [size = 0] = sizes;
  if (sizes.size !== 1) return [];
  return Array.from({ length: size }, (_, row) => ({
    batched,
    inputs: inputs.map((tensor) => (batched.has(tensor.name) ? rowAt(tensor, row) : tensor)),
    answer: size === 1 ? outputs : null,
  }));
}

function fitsBeside(left: Row, right: Row): boolean {
  return left.inputs.every(({ name, shape }, index) => {
    if (!left.batched.has(name)) return true;
    return right.inputs[index]?.shape.join() === shape.join();
  });
}

/** A row with the shared inputs of another: its own answer holds only with its own. */
function besideShared(row: Row, { inputs }: Row): Row {
  const isShared = row.inputs.every((tensor, index) => {
    const other = inputs[index];
    return row.batched.has(tensor.name) || (other !== undefined && isSameTensor(tensor, other));
  });
  if (isShared) return row;
  const shared = row.inputs.map((tensor, index) => (row.batched.has(tensor.name) ? tensor : (inputs[index] ?? tensor)));
  return { ...row, inputs: shared, answer: null };
}

function isSame(left: Row, right: Row): boolean {
  return left.inputs.every((tensor, index) => {
    const other = right.inputs[index];
    return !left.batched.has(tensor.name) || (other !== undefined && isSameTensor(tensor, other));
  });
}

function isSameTensor({ data: left }: Tensor, { data: right }: Tensor): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return equalBytes(left, right);
  return firstOtherString(left as readonly Uint8Array[], right as readonly Uint8Array[]) === -1;
}

/** The same values the other way round: as valid as they were, and another record unless they are all alike. */
function turned(row: Row): Row {
  const inputs = row.inputs.map((tensor) => (row.batched.has(tensor.name) ? turnedTensor(tensor) : tensor));
  return { ...row, inputs, answer: null };
}

function turnedTensor(tensor: Tensor): Tensor {
  const { datatype, data } = tensor;
  if (!(data instanceof Uint8Array)) return { ...tensor, data: data.toReversed() };
  const size = elementBytes[datatype];
  const elements = Array.from({ length: data.length / size }, (_, index) =>
    data.slice(index * size, (index + 1) * size),
  );
  return { ...tensor, data: joined(elements.reverse()) };
}

function joined(parts: readonly Tensor['data'][]): Tensor['data'] {
  const bytes = parts.filter((part) => part instanceof Uint8Array);
  if (bytes.length === parts.length) return joinBytes(bytes);
  return parts.flatMap((part) => (part instanceof Uint8Array ? [] : [...part]));
}
