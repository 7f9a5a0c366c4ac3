import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBfloat16Bits, toBfloat16Bits } from '../../../worker/protocol/bfloat16.ts';

function value(bits: number): number {
  return fromBfloat16Bits(Uint16Array.of(bits))[0] ?? Number.NaN;
}

test.each([
  [0, 0],
  [-0, 0x8000],
  [1, 0x3f80],
  [-2.5, 0xc020],
  [Number.POSITIVE_INFINITY, 0x7f80],
  [3.3895313892515355e38, 0x7f7f],
  [3.4e38, 0x7f80],
  [1 + 2 ** -8, 0x3f80],
  [1 + 3 * 2 ** -8, 0x3f82],
  // Just above and below half-way, by less than FP32 can tell.
  [1 + 2 ** -8 + 2 ** -40, 0x3f81],
  [1 + 3 * 2 ** -8 - 2 ** -40, 0x3f81],
])('%d has the bits %i', (number, bits) => {
  expect(toBfloat16Bits(number)).toBe(bits);
});

test('NaN stays NaN', () => {
  expect(value(toBfloat16Bits(Number.NaN))).toBeNaN();
});

test('a number becomes the nearest BF16', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e38, max: 1e38 }), (number) => {
      const bits = toBfloat16Bits(number);
      const error = Math.abs(value(bits) - number);
      for (const neighbour of [bits - 1, bits + 1]) {
        if (neighbour >= 0)
          expect(Math.abs(value(neighbour) - number) >= error || Number.isNaN(value(neighbour))).toBe(true);
      }
    }),
  );
});
