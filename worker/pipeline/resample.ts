// The weights of a resize, to the bit as Pillow has them: the widths of the filter grow with the reduction, and weights have 22 bits.
// @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
import { largest } from '../../registry/extremes.ts';
import type { ImageStepOf } from '../../registry/pipeline/image-input.ts';

export type Filter = ImageStepOf<'resize'>['filter'];

/** The weights of pixels have this many bits behind the point. */
export const weightBits = 22;

/** For each pixel that is made: the first of those that it is made of, and their weights. */
export interface Taps {
  readonly first: Int32Array;
  /** How many pixels each is made of. */
  readonly counts: Int32Array;
  /** `stride` weights for each pixel. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Half the width of the filter, in pixels of the larger picture. */
const reaches = { bilinear: 1, bicubic: 2, lanczos: 3 };

/**
 * @param from pixels of a side of the picture; to: pixels that the side is to have
 * @param start the first of the pixels that are made, and how many are
 */
export function taps(filter: Filter, from: number, to: number, start = 0, length = to): Taps {
  if (filter === 'nearest') return nearest(from, to, start, length);
  const scale = from / to;
  const widened = Math.max(scale, 1);
  const reach = reaches[filter] * widened;
  const stride = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(length);
  const counts = new Int32Array(length);
  const weights = new Int32Array(length * stride);
  const shares = new Float64Array(stride);
  const kernel = kernels[filter];
  for (let index = 0; index < length; index++) {
    const centre = (start + index + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    let sum = 0;
    for (let tap = 0; tap < end - begin; tap++) {
      // Pillow multiplies by the inverse, which rounds differently from a division.
      const share = kernel((tap + begin - centre + 0.5) * (1 / widened));
      shares[tap] = share;
      sum += share;
    }
    for (let tap = 0; tap < end - begin; tap++) {
      const share = sum === 0 ? (shares[tap] ?? 0) : (shares[tap] ?? 0) / sum;
      weights[index * stride + tap] = Math.trunc((share < 0 ? -0.5 : 0.5) + share * 2 ** weightBits);
    }
    first[index] = begin;
    counts[index] = end - begin;
  }
  return { first, counts, weights, stride };
}

/** Pixels that are read at a time. */
export const groupSize = 4;

/**
 * The same weights in whole groups, filled up with zeros, so that a loop over them has no rest.
 * @param pixels that the side has; where it has fewer than a group, reads beyond it find other pixels or none, which weigh nothing
 */
export function groupTaps({ first, counts, weights, stride }: Taps, pixels: number): Omit<Taps, 'counts'> {
  const length = groupSize * Math.ceil(largest(counts) / groupSize);
  const grouped = new Int32Array(first.length * length);
  const firsts = new Int32Array(first.length);
  for (let index = 0; index < first.length; index++) {
    const from = first[index] ?? 0;
    const start = Math.max(0, Math.min(from, pixels - length));
    firsts[index] = start;
    const own = weights.subarray(index * stride, index * stride + (counts[index] ?? 0));
    grouped.set(own, index * length + from - start);
  }
  return { first: firsts, weights: grouped, stride: length };
}

/** The pixel under the centre. @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Geometry.c ImagingScaleAffine */
function nearest(from: number, to: number, start: number, length: number): Taps {
  const scale = from / to;
  const first = Int32Array.from({ length }, (_, index) =>
    Math.min(from - 1, Math.trunc((start + index + 0.5) * scale)),
  );
  const ones = new Int32Array(length).fill(1);
  return { first, counts: ones, weights: new Int32Array(length).fill(2 ** weightBits), stride: 1 };
}

const kernels = {
  bilinear: (x: number) => Math.max(0, 1 - Math.abs(x)),
  /** Keys' cubic with a = -0.5. */
  bicubic: (x: number) => {
    const a = -0.5;
    const at = Math.abs(x);
    if (at < 1) return ((a + 2) * at - (a + 3)) * at * at + 1;
    return at < 2 ? (((at - 5) * at + 8) * at - 4) * a : 0;
  },
  lanczos: (x: number) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0),
};

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}
