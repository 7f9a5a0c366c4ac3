import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareElements, exactly, firstOtherString } from '../../../worker/protocol/compare-elements.ts';

const tolerance = { absolute: 1e-3, relative: 1e-2 };

describe('comparing elements', () => {
  it('counts what is beyond the tolerance and finds the one that differs most', () => {
    expect(compareElements([1, 2, 100], [1.0005, 2.5, 100.9], tolerance)).toEqual({
      count: 1,
      worst: 1,
      largest: 0.5,
    });
    expect(compareElements([1, 2, 3], [1, Number.NaN, 9], tolerance)).toEqual({
      count: 2,
      worst: 1,
      largest: Infinity,
    });
    expect(compareElements([Infinity], [1e300], tolerance)).toEqual({ count: 1, worst: 0, largest: Infinity });
  });

  it('holds every number for itself, and -0 for 0', () => {
    fc.assert(fc.property(fc.array(fc.double()), (values) => compareElements(values, values, exactly) === null));
    expect(compareElements([0, -0], [-0, 0], exactly)).toBeNull();
  });

  it('tells 64-bit integers apart that are one double', () => {
    const [one, other] = [BigInt64Array.of(2n ** 62n), BigInt64Array.of(2n ** 62n + 1n)];
    expect(compareElements(one, other, tolerance)).toEqual({ count: 1, worst: 0, largest: 1 });
    expect(compareElements(one, one, exactly)).toBeNull();
  });

  it('measures as it is told', () => {
    expect(compareElements([1, 2], [3, 9], exactly, () => 0)).toEqual({ count: 2, worst: 0, largest: 0 });
  });

  it('finds the first string that is another one, a missing one too', () => {
    const strings = (...texts: string[]) => texts.map((text) => new TextEncoder().encode(text));
    expect(firstOtherString(strings('a', 'b'), strings('a', 'b'))).toBe(-1);
    expect(firstOtherString(strings('a', 'b'), strings('a', 'bc'))).toBe(1);
    expect(firstOtherString(strings('a', ''), strings('a'))).toBe(1);
  });
});
