import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shortestFloat32 } from '../../../worker/protocol/shortest-float32.ts';

function shortest(value: number): number | undefined {
  return shortestFloat32(Float32Array.of(value))[0];
}

function significantDigits(value: number): number {
  return value.toExponential().replace(/e.*$/, '').replace(/[-.]/g, '').length;
}

/** By printing: the first precision that still gives the same FP32. */
function fewestDigits(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return significantDigits(candidate);
  }
  return 9;
}

test.each([0.1, 0.3, 1 / 3, 3, 16777216, 123456.79, -2.5e-5, 1e10])(
  '%d is printed as short as it can be',
  (decimal) => {
    const printed = shortest(Math.fround(decimal));
    expect(Math.fround(printed ?? Number.NaN)).toBe(Math.fround(decimal));
    expect(significantDigits(printed ?? 0)).toBe(fewestDigits(Math.fround(decimal)));
  },
);

test('every FP32 comes back as itself', () => {
  fc.assert(
    fc.property(fc.uint32Array({ minLength: 1, maxLength: 50 }), (bits) => {
      const values = new Float32Array(bits.buffer, bits.byteOffset, bits.length);
      const back = Float32Array.from(shortestFloat32(values));
      expect(Array.from(back)).toEqual(Array.from(values));
    }),
    { numRuns: 2000 },
  );
});

test('values of ordinary size never have more digits than they need', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: 2 ** -30, max: 2 ** 40 }), fc.boolean(), (magnitude, negative) => {
      const value = negative ? -magnitude : magnitude;
      expect(significantDigits(shortest(value) ?? 0)).toBeLessThanOrEqual(fewestDigits(value));
    }),
    { numRuns: 5000 },
  );
});
