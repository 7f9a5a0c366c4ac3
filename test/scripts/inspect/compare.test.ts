import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../../scripts/inspect/compare.ts';
import { toBfloat16Bits } from '../../../worker/protocol/bfloat16.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

const tolerance = { absolute: 1e-3, relative: 1e-2 };

function fp32(...values: number[]): Tensor {
  return { name: 'y', datatype: 'FP32', shape: [values.length], data: bytesOf(Float32Array.from(values)) };
}

function bytesOf(array: ArrayBufferView<ArrayBuffer>): Uint8Array {
  return new Uint8Array(array.buffer);
}

function compare(expected: Tensor, actual: Tensor): string | null {
  return compareAnswers([expected], [actual], tolerance);
}

describe('comparing answers', () => {
  it('takes floats for equal up to absolute + relative * |expected|', () => {
    expect(compare(fp32(100, 0), fp32(100.9, 0.0009))).toBeNull();
    expect(compare(fp32(100, 0), fp32(101.1, 0))).toMatch(
      /^output 'y' differs at 1 of 2 elements, .* element 0: 101.1/,
    );
    expect(compare(fp32(100, 0), fp32(100, 0.0011))).toMatch(/element 1/);
  });

  it('holds every value for equal to itself, NaN and infinities too, and to nothing far from it', () => {
    const value = fc.float();
    fc.assert(
      fc.property(fc.array(value), (values) => {
        expect(compare(fp32(...values), fp32(...values))).toBeNull();
      }),
    );
    fc.assert(
      fc.property(value, value, (a, b) => {
        const bothFinite = Number.isFinite(a) && Number.isFinite(b);
        const isNear = bothFinite && Math.abs(a - b) <= 1e-3 + 1e-2 * Math.abs(b);
        expect(compare(fp32(b), fp32(a)) === null).toBe(isNear || Object.is(a, b));
      }),
      {
        examples: [
          [Number.NaN, 1],
          [1, Number.NaN],
          [1, Number.POSITIVE_INFINITY],
          [Number.POSITIVE_INFINITY, 1],
          [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
        ],
      },
    );
  });

  it('names the element that differs most', () => {
    expect(compare(fp32(1, 2, 3), fp32(1.1, 2.5, 3.2))).toMatch(
      /at 3 of 3 elements, most at element 1: 2.50000 instead of 2.00000 \(0.500\)/,
    );
    expect(compare(fp32(1, 2), fp32(1.1, Number.NaN))).toMatch(/element 1: NaN instead of 2/);
  });

  it('compares FP16 and BF16 by value', () => {
    const half = (value: number): Tensor => ({
      name: 'y',
      datatype: 'FP16',
      shape: [],
      data: bytesOf(Float16Array.of(value)),
    });
    const brain = (value: number): Tensor => ({
      name: 'y',
      datatype: 'BF16',
      shape: [],
      data: bytesOf(Uint16Array.of(toBfloat16Bits(value))),
    });
    expect(compare(half(1), half(1.005))).toBeNull();
    expect(compare(half(1), half(1.05))).toContain('element 0');
    expect(compare(brain(1), brain(1.0078125))).toBeNull();
    expect(compare(brain(1), brain(1.5))).toContain('1.50000 instead of 1.00000');
  });

  it('compares integers, booleans and strings exactly', () => {
    const wide = (value: bigint): Tensor => ({
      name: 'y',
      datatype: 'INT64',
      shape: [2],
      data: bytesOf(BigInt64Array.of(7n, value)),
    });
    expect(compare(wide(2n ** 62n), wide(2n ** 62n))).toBeNull();
    expect(compare(wide(2n ** 62n), wide(2n ** 62n + 1n))).toContain(`element 1: ${2n ** 62n + 1n} instead of`);
    const text = (value: string): Tensor => ({
      name: 'y',
      datatype: 'BYTES',
      shape: [1],
      data: [new TextEncoder().encode(value)],
    });
    expect(compare(text('ham'), text('ham'))).toBeNull();
    expect(compare(text('ham'), text('spam'))).toContain('"spam" instead of "ham"');
  });

  it('finds another type, another shape and a missing output', () => {
    expect(compare(fp32(1, 2), { ...fp32(1, 2), shape: [1, 2] })).toBe("output 'y' is FP32 [1,2] instead of FP32 [2]");
    expect(compare(fp32(1), { ...fp32(1), datatype: 'INT32' })).toContain('INT32 [1] instead of FP32 [1]');
    expect(compareAnswers([fp32(1)], [], tolerance)).toBe("output 'y' is missing");
  });
});
