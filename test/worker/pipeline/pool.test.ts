// One vector for each text or picture: fillings do not count, and lengths are those that the version allows.
import { describe, expect, test } from 'vitest';
import type { Pool } from '../../../registry/pipeline/pool.ts';
import type { Item, PictureItem, TextItem } from '../../../worker/pipeline/items.ts';
import { pool } from '../../../worker/pipeline/pool.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

function output(shape: readonly number[], values: readonly number[]): Tensor {
  return { name: 'hidden', datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

function text(tokens: number, column = 0): TextItem {
  const none = { offsets: new Int32Array(), special: new Uint8Array(), unknown: 0, total: tokens };
  return { text: 'x', promptLength: 0, column, tokens, ...none };
}

const picture = {} as PictureItem;

function vectors(tensor: Tensor, how: Pool['how'], items: readonly Item[], normalise = false): number[][] {
  return pool(tensor, { how, normalise }, items).map((vector) => [...vector]);
}

/** Two rows of three tokens of two values; the last token of row 0, and the first of row 1, are fillings. */
const tokens = output([2, 3, 2], [1, 2, 3, 4, 90, 90, 90, 90, 5, 6, 7, 4]);
const items = [text(2), text(2, 1)];

describe('a vector', () => {
  test.each([
    [
      'mean',
      [
        [2, 3],
        [6, 5],
      ],
    ],
    [
      'max',
      [
        [3, 4],
        [7, 6],
      ],
    ],
    [
      'cls',
      [
        [1, 2],
        [5, 6],
      ],
    ],
    [
      'last',
      [
        [3, 4],
        [7, 4],
      ],
    ],
  ] as const)('is the %s of the tokens of its text', (how, expected) => {
    expect(vectors(tokens, how, items)).toEqual(expected);
  });

  test('is the row itself where the model has pooled', () => {
    expect(vectors(output([2, 2], [1, 2, 3, 4]), 'none', [text(5), text(9)])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('of a picture is over all its places', () => {
    const places = output([1, 2, 2, 2], [1, 2, 3, 6, 10, 20, 30, 40]);
    expect(vectors(places, 'mean', [picture])).toEqual([[3, 25]]);
    expect(vectors(places, 'max', [picture])).toEqual([[6, 40]]);
    expect(vectors(output([1, 2, 2], [1, 2, 3, 4]), 'cls', [picture])).toEqual([[1, 2]]);
    expect(vectors(output([1, 2, 1, 1], [3, 4]), 'none', [picture])).toEqual([[3, 4]]);
  });

  test('has the length 1 where it is normalised, but for one of no length', () => {
    expect(vectors(output([2, 2], [3, 4, 0, 0]), 'none', [text(1), text(1)], true)).toEqual([
      [Math.fround(0.6), Math.fround(0.8)],
      [0, 0],
    ]);
  });

  test('is cut and normalised anew', () => {
    const step = { how: 'none' as const, normalise: true, dimensions: [2, 3] };
    const [cut] = pool(output([1, 3], [3, 4, 12]), step, [text(1)], { dimensions: 2 });
    expect([...(cut ?? [])]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    const [plain] = pool(output([1, 3], [3, 4, 12]), step, [text(1)], { dimensions: 2, normalize: false });
    expect([...(plain ?? [])]).toEqual([3, 4]);
  });

  test('is cut to a length that the version allows only', () => {
    const cut = (dimensions?: number[]) => () =>
      pool(output([1, 3], [3, 4, 12]), { how: 'none', normalise: true, ...(dimensions && { dimensions }) }, [text(1)], {
        dimensions: 1,
      });
    expect(cut([2, 3])).toThrow('dimensions: expected 2, 3, got 1');
    expect(cut()).toThrow('dimensions: expected nothing, the model was not trained for shorter vectors, got 1');
  });

  test.each([
    ['a row too few', output([1, 2, 2], [1, 2, 3, 4]), 'mean', [text(1), text(1)]],
    ['no axis of tokens', output([1, 2], [1, 2]), 'mean', [text(1)]],
    ['the first place of a picture with two axes', output([1, 1, 1, 1], [1]), 'cls', [picture]],
  ] as const)('is refused with %s', (_, tensor, how, given) => {
    expect(() => vectors(tensor, how, given)).toThrow(/^pool: output 'hidden' is \[/);
  });
});
