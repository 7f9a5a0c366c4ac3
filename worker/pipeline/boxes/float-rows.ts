// A model's output as numbers, a row for each picture of the batch.
import { invalid } from '../../../registry/errors.ts';
import { describeShape, quote } from '../../protocol/describe.ts';
import { elementsOf } from '../../protocol/elements.ts';
import type { Tensor } from '../../protocol/tensor.ts';

export interface FloatRow {
  readonly values: Float16Array | Float32Array | Float64Array;
  /** The two axes behind that of the batch. */
  readonly shape: readonly [number, number];
}

/**
 * The row of one picture.
 * @param axes what the two axes behind that of the batch count, for the message
 * @throws {PopserveError} INVALID_ARGUMENT for an output of another rank or datatype, or without this row
 */
export function floatRow({ name, datatype, shape, data }: Tensor, index: number, axes: string): FloatRow {
  const [rows = 0, first = 0, second = 0] = shape;
  const isFloat = datatype === 'FP16' || datatype === 'FP32' || datatype === 'FP64' || datatype === 'BF16';
  if (shape.length !== 3 || !isFloat || !(data instanceof Uint8Array) || index >= rows) {
    throw invalid(
      `boxes: output ${quote(name)} is ${datatype} ${describeShape(shape)}, expected floats of [N,${axes}]`,
    );
  }
  const count = first * second;
  return { values: elementsOf(datatype, data).subarray(index * count, (index + 1) * count), shape: [first, second] };
}

/** @throws {PopserveError} INVALID_ARGUMENT for another number of values than the form has */
export function requireCount(name: string, what: string, expected: number, got: number): void {
  if (expected === got) return;
  throw invalid(`boxes: output ${quote(name)} has ${got} ${what}, expected ${expected}`);
}
