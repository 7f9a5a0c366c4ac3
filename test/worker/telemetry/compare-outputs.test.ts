import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { compareOutputs as compare } from '../../../worker/telemetry/compare-outputs.ts';

/** Outputs whose shapes are as declared, if `declared` says nothing else. */
const compareOutputs = (left: Tensor[], right: Tensor[], declared?: number[]) =>
  compare(left, right, {
    signature: {
      inputs: [],
      outputs: left.map(({ data: _, ...spec }) => ({ ...spec, shape: declared ?? [...spec.shape] })),
    },
    tolerance: { absolute: 0.01, relative: 0.001 },
  });

const real = (values: number[], shape = [values.length], name = 'y'): Tensor => ({
  ...{ name, datatype: 'FP32', shape },
  data: new Uint8Array(new Float32Array(values).buffer),
});
const integers = (...values: bigint[]): Tensor => ({
  ...{ name: 'label', datatype: 'INT64', shape: [values.length] },
  data: new Uint8Array(new BigInt64Array(values).buffer),
});
const strings = (...values: string[]): Tensor => ({
  ...{ name: 'text', datatype: 'BYTES', shape: [values.length] },
  data: values.map((value) => new TextEncoder().encode(value)),
});

describe('compareOutputs', () => {
  test('sums and maximises the absolute differences of numbers', () => {
    expect(compareOutputs([real([1, 2, 3])], [real([1, 2.5, 5])])).toEqual({
      ...{ disagrees: false, elements: 3, sumDifference: 2.5, maxDifference: 2 },
    });
  });

  test.each([
    ['another top-1 of a row', real([1, 2, 5, 4], [2, 2]), real([1, 2, 3, 4], [2, 2]), true],
    ['the same top-1 of every row', real([1, 2, 5, 4], [2, 2]), real([0, 9, 4.5, 4], [2, 2]), false],
    ['a real number without a top-1, a tenth away', real([1, 100], [2, 1]), real([1, 110], [2, 1]), false],
    ['one that is further away in one row', real([1, 100], [2, 1]), real([1, 111], [2, 1]), true],
    ['one that is further away, below zero', real([-100]), real([-111]), true],
    ['zero, within the tolerance', real([0]), real([0.009]), false],
    ['zero, beyond the tolerance', real([0]), real([0.011]), true],
    ['another label', integers(1n, 2n), integers(1n, 3n), true],
    ['another label that is the same double', integers(2n ** 62n), integers(2n ** 62n + 1n), true],
    ['the same labels', integers(1n, 2n), integers(1n, 2n), false],
    ['another string', strings('a', 'b'), strings('a', 'c'), true],
    ['the same strings', strings('a', 'ü'), strings('a', 'ü'), false],
    ['another shape', real([1, 2], [2, 1]), real([1, 2], [1, 2]), true],
    ['an output that is missing', real([1]), real([1], [1], 'z'), true],
    ['not a number on one side', real([Number.NaN]), real([1]), true],
    ['not a number on both sides', real([Number.NaN]), real([Number.NaN]), false],
    ['infinite on both sides', real([Infinity]), real([Infinity]), false],
  ])('%s', (_, left, right, disagrees) => {
    expect(compareOutputs([left], [right]).disagrees).toBe(disagrees);
  });

  test('a batch of single numbers has no top-1, classes without a batch have', () => {
    const [left, right] = [real([1, 2, 5]), real([2, 3, 9])];
    expect(compareOutputs([left], [right], [-1]).disagrees).toBe(true);
    expect(compareOutputs([left], [right], [3]).disagrees).toBe(false);
  });

  test('an answer agrees with itself, whatever is in it', () => {
    const anything = fc.array(fc.float(), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(anything, (values) => {
        const same = compareOutputs([real(values)], [real(values)]);
        expect(same).toMatchObject({ disagrees: false, sumDifference: 0, maxDifference: 0 });
      }),
    );
  });
});
