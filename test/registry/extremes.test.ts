import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../registry/bytes.ts';
import { largest, smallest } from '../../registry/extremes.ts';

describe('extremes', () => {
  it('are found among more values than fit on the stack', () => {
    const values = Float64Array.from({ length: 1_000_000 }, (_, index) => Math.sin(index));
    values[777_777] = 3;
    values[888_888] = -3;
    expect([largest(values), smallest(values)]).toEqual([3, -3]);
  });

  it('are what Math.max and Math.min say of few', () => {
    expect([largest([]), largest([], 0), largest([-2], 0), smallest([])]).toEqual([
      Number.NEGATIVE_INFINITY,
      0,
      0,
      Number.POSITIVE_INFINITY,
    ]);
    expect([largest([1, Number.NaN, 2]), smallest([1, Number.NaN])]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('base64', () => {
  it('carries more bytes than fit on the stack', () => {
    const bytes = Uint8Array.from({ length: 1_000_003 }, (_, index) => index);
    const text = encodeBase64(bytes);
    expect(text).toBe(Buffer.from(bytes).toString('base64'));
    expect(Buffer.from(decodeBase64(text) ?? []).equals(bytes)).toBe(true);
    expect(decodeBase64('!')).toBeNull();
  });
});
