// The order of dimensions: ONNX has the channels of a picture second (NCHW), TensorFlow Lite last (NHWC). Nothing outside this file
// knows which dimension that is; operators say in which order they read a value and in which they write it.

/** `declared`: as the ONNX model says; `channels last`: values with four dimensions, N C H W as N H W C. */
export type Order = 'declared' | 'channels last';

/** Dimension i of the permuted value is dimension perm[i] of the other. */
const toChannelsLast = [0, 2, 3, 1] as const;
const toDeclared = [0, 3, 1, 2] as const;

export function canBeChannelsLast(shape: readonly number[]): boolean {
  return shape.length === 4;
}

export function permutationTo(order: Order): readonly number[] {
  return order === 'declared' ? toDeclared : toChannelsLast;
}

export function shapeIn(order: Order, declared: readonly number[]): readonly number[] {
  return order === 'declared' ? declared : toChannelsLast.map((from) => declared[from] ?? 1);
}

/** Where a dimension lies that ONNX counts as `axis`. */
export function axisIn(order: Order, axis: number): number {
  return order === 'declared' ? axis : toChannelsLast.indexOf(axis as 0);
}

/** One number for each dimension, such as the begin of a slice. */
export function eachAxisIn<T>(order: Order, declared: readonly T[]): T[] {
  if (order === 'declared') return [...declared];
  return toChannelsLast.flatMap((from) => declared.slice(from, from + 1));
}

export function permuteShape(shape: readonly number[], permutation: readonly number[]): number[] {
  return permutation.map((from) => shape[from] ?? 1);
}

/** A permutation of a value that is held in `order`, said for the dimensions as they lie. */
export function permutationIn(order: Order, declared: readonly number[]): number[] {
  return declared.map((from) => axisIn(order, from));
}

/** Does the permutation leave every element where it is, because only dimensions of size 1 move? */
export function keepsElements(shape: readonly number[], permutation: readonly number[]): boolean {
  const moved = permutation.filter((from) => shape[from] !== 1);
  return moved.every((from, index) => index === 0 || (moved[index - 1] ?? 0) < from);
}

/** Elements of any size moved into the order of a permutation. */
export function permuteBytes(
  data: Uint8Array,
  elementBytes: number,
  shape: readonly number[],
  permutation: readonly number[],
): Uint8Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = permuteShape(shape, permutation);
  const steps = permutation.map((from) => strides[from] ?? 0);
  const moved = new Uint8Array(data.length);
  const place = sizes.map(() => 0);
  let from = 0;
  for (let at = 0; at < data.length; at += elementBytes) {
    moved.set(data.subarray(from * elementBytes, (from + 1) * elementBytes), at);
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const size = sizes[axis] ?? 1;
      const step = steps[axis] ?? 0;
      const next = (place[axis] ?? 0) + 1;
      from += step;
      if (next < size) {
        place[axis] = next;
        break;
      }
      from -= step * size;
      place[axis] = 0;
    }
  }
  return moved;
}

/** Filters: ONNX has [outputs, inputs of a group, height, width]. */
export const filterPermutations = {
  /** [outputs, height, width, inputs of a group] */
  convolution: [0, 2, 3, 1],
  /** [1, height, width, outputs] */
  depthwise: [1, 2, 3, 0],
  /** A matrix [inputs, outputs] as [outputs, inputs]. */
  matrix: [1, 0],
} as const satisfies Readonly<Record<string, readonly number[]>>;
