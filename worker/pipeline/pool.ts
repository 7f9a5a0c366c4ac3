// The step `pool`: from a model's values to one vector for each text or picture.
import { invalid } from '../../registry/errors.ts';
import type { Pool } from '../../registry/pipeline/pool.ts';
import { describeShape, quote } from '../protocol/describe.ts';
import { elementsOf } from '../protocol/elements.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { Item } from './items.ts';

export interface PoolParameters {
  readonly normalize?: boolean;
  readonly dimensions?: number;
}

/** Below it a vector has no direction; PyTorch's `normalize` has the same. */
const leastLength = 1e-12;

/**
 * @example
 * pool(output, { output: 'last_hidden_state', how: 'mean', normalise: true }, items); // [Float32Array(384)]
 *
 * @param output [rows, values], [rows, tokens, values], or [rows, values, height, width] of pictures
 * @param items one for each row; of texts only their own tokens count
 * @returns a vector for each row
 * @throws {PopserveError} INVALID_ARGUMENT for a length that the version does not allow, or an output of another shape, which
 *   publishing refuses
 */
export function pool(
  output: Tensor,
  step: Pick<Pool, 'how' | 'normalise' | 'dimensions'>,
  items: readonly Item[],
  { normalize = step.normalise, dimensions }: PoolParameters = {},
): Float32Array<ArrayBuffer>[] {
  if (dimensions !== undefined) requireDimensions(dimensions, step.dimensions);
  const { datatype, data, shape } = output;
  if (datatype === 'BYTES' || !(data instanceof Uint8Array)) throw invalid('pool: texts are no vectors');
  if (shape[0] !== items.length) throw wrongShape(output, step.how);
  const values = elementsOf(datatype, data);
  const grid = gridOf(output, step.how);
  return items.map((item, row) => {
    const places = placesOf(item, grid.places);
    const pooled = poolRow(values, row, grid, places, step.how);
    const cut = dimensions === undefined ? pooled : pooled.slice(0, dimensions);
    return Float32Array.from(normalize ? normalised(cut) : cut);
  });
}

/** @throws {PopserveError} INVALID_ARGUMENT naming the lengths that there are */
export function requireDimensions(dimensions: number, allowed: readonly number[] | undefined): void {
  if (allowed?.includes(dimensions)) return;
  const expected =
    allowed === undefined ? 'nothing, the model was not trained for shorter vectors' : allowed.join(', ');
  throw invalid(`dimensions: expected ${expected}, got ${dimensions}`);
}

/** How a row of an output lies in memory: so many places of so many values each. */
interface Grid {
  readonly places: number;
  readonly width: number;
  readonly placeStride: number;
  readonly valueStride: number;
}

function gridOf(output: Tensor, how: Pool['how']): Grid {
  const { shape } = output;
  const [, second = 0, third = 0, fourth = 0] = shape;
  if (how === 'none') {
    const width = shape.slice(1).reduce((product, size) => product * size, 1);
    return { places: 1, width, placeStride: width, valueStride: 1 };
  }
  if (shape.length === 3) return { places: second, width: third, placeStride: third, valueStride: 1 };
  const places = third * fourth;
  if (shape.length === 4 && (how === 'mean' || how === 'max')) {
    return { places, width: second, placeStride: 1, valueStride: places };
  }
  throw wrongShape(output, how);
}

function wrongShape({ name, shape }: Tensor, how: Pool['how']): Error {
  const expected =
    how === 'none' ? 'a row for each' : '[rows, tokens, values], or for mean and max [rows, values, height, width]';
  return invalid(`pool: output ${quote(name)} is ${describeShape(shape)}, expected ${expected}`);
}

/** The places of a row that count, from one to another (exclusive). */
function placesOf(item: Item, places: number): readonly [number, number] {
  if (!('text' in item) || places === 1) return [0, places];
  return [item.column, Math.min(places, item.column + item.tokens)];
}

function poolRow(
  values: ArrayLike<number | bigint>,
  row: number,
  { places, width, placeStride, valueStride }: Grid,
  [from, to]: readonly [number, number],
  how: Pool['how'],
): Float64Array {
  const base = row * places * width;
  const at = (place: number, value: number) => Number(values[base + place * placeStride + value * valueStride]);
  const pooled = new Float64Array(width);
  switch (how) {
    case 'none':
      return pooled.map((_, value) => at(0, value));
    case 'cls':
      return pooled.map((_, value) => at(from, value));
    case 'last':
      return pooled.map((_, value) => at(Math.max(from, to - 1), value));
    case 'max':
      pooled.fill(Number.NEGATIVE_INFINITY);
      for (let place = from; place < to; place++) {
        for (let value = 0; value < width; value++) pooled[value] = Math.max(pooled[value] ?? 0, at(place, value));
      }
      return pooled;
    case 'mean':
      for (let place = from; place < to; place++) {
        for (let value = 0; value < width; value++) pooled[value] = (pooled[value] ?? 0) + at(place, value);
      }
      return pooled.map((sum) => sum / Math.max(1, to - from));
  }
}

function normalised(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / Math.max(length, leastLength));
}
