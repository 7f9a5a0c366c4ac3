import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  axisIn,
  eachAxisIn,
  keepsElements,
  permutationIn,
  permutationTo,
  permuteBytes,
  permuteShape,
  shapeIn,
} from '../../../scripts/convert-litert/layout.ts';

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 });
const permutations = fc.constantFrom(
  [0, 1, 2, 3],
  [0, 2, 3, 1],
  [0, 3, 1, 2],
  [3, 2, 1, 0],
  [1, 0, 3, 2],
  [0, 1, 3, 2],
);

/** Elements that are all different. */
function counted(shape: readonly number[]): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return new Uint8Array(Int16Array.from({ length: count }, (_, index) => index).buffer);
}

describe('the order of dimensions', () => {
  it('puts channels last and back without moving an element', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const last = permuteBytes(counted(shape), 2, shape, permutationTo('channels last'));
        const back = permuteBytes(last, 2, shapeIn('channels last', shape), permutationTo('declared'));
        expect(back).toEqual(counted(shape));
      }),
    );
  });

  it('moves the element at each place to where the permutation says', () => {
    const shape = [1, 2, 2, 3];
    const moved = permuteBytes(counted(shape), 2, shape, [0, 2, 3, 1]);
    expect([...new Int16Array(moved.buffer)]).toEqual([0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]);
  });

  it('knows of every permutation whether it leaves the elements where they are', () => {
    fc.assert(
      fc.property(shapes, permutations, (shape, permutation) => {
        const moved = permuteBytes(counted(shape), 2, shape, permutation);
        const stays = String(moved) === String(counted(shape));
        expect(keepsElements(shape, permutation)).toBe(stays);
      }),
    );
  });

  it('finds an axis, a number for each axis and a permutation in the other order', () => {
    expect([0, 1, 2, 3].map((axis) => axisIn('channels last', axis))).toEqual([0, 3, 1, 2]);
    expect(eachAxisIn('channels last', ['n', 'c', 'h', 'w'])).toEqual(['n', 'h', 'w', 'c']);
    expect(permutationIn('channels last', [0, 2, 3, 1])).toEqual([0, 1, 2, 3]);
    expect(permuteShape([2, 3, 4, 5], permutationIn('declared', [3, 2, 1, 0]))).toEqual([5, 4, 3, 2]);
  });
});
