import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InputLimit, limitFault, limitFaults } from '../../registry/input-size-limits.ts';
import { elementCount, type Signature } from '../../registry/signature.ts';

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 3, -1] },
    { name: 'fixed', datatype: 'FP32', shape: [2] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
};
const limit: InputLimit = { name: 'x', shape: [8, null, 100], elements: 600 };

describe('what is beyond a limit', () => {
  it.each([
    [[8, 3, 25], null],
    [[0, 3, 100], null],
    [[9, 3, 1], 'axis 0 has 9, the limit is 8'],
    [[9, 3, 101], 'axis 0 has 9, the limit is 8'],
    [[1, 3, 101], 'axis 2 has 101, the limit is 100'],
    [[8, 3, 26], 'it has 624 elements, the limit is 600'],
  ])('of %j is %s', (shape, fault) => {
    expect(limitFault({ name: 'x', shape }, limit)).toBe(fault);
  });

  it('is nothing exactly where every axis and the product are within', () => {
    const axes = fc.array(fc.tuple(fc.nat(20), fc.option(fc.integer({ min: 1, max: 20 }))), { maxLength: 4 });
    fc.assert(
      fc.property(axes, fc.integer({ min: 1, max: 4000 }), (sizes, elements) => {
        const shape = sizes.map(([size]) => size);
        const most = sizes.map(([, size]) => size);
        const within = shape.every((size, axis) => size <= (most[axis] ?? size)) && elementCount(shape) <= elements;
        expect(limitFault({ name: 'x', shape }, { name: 'x', shape: most, elements }) === null).toBe(within);
      }),
    );
  });
});

describe('limits in a manifest', () => {
  it('fit where each variable axis has one, and the sample is within', () => {
    expect(limitFaults([{ ...limit, given: [2] }], signature, [{ name: 'x', shape: [8, 3, 25] }])).toEqual([]);
    expect(limitFaults([], signature, [])).toEqual([]);
  });

  it.each<[string, InputLimit[], string]>([
    ['an unknown input', [{ ...limit, name: 'z' }], "expected an input of the signature, got 'z'"],
    ['an input twice', [limit, limit], "'x' is there twice"],
    [
      'another rank',
      [{ ...limit, shape: [8, null] }],
      "for each variable axis of 'x' [-1,3,-1], null for the others, got [8,null]",
    ],
    ['a variable axis without one', [{ ...limit, shape: [8, null, null] }], 'got [8,null,null]'],
    ['a fixed axis with one', [{ ...limit, shape: [8, 3, 100] }], 'got [8,3,100]'],
    ['a fixed axis that was decided', [{ ...limit, given: [1] }], "axis 1 of 'x' is not variable"],
    ['a sample beyond them', [{ ...limit, elements: 5 }], "warmup: input 'x': it has 6 elements, the limit is 5"],
  ])('may not have %s', (_, limits, fault) => {
    expect(limitFaults(limits, signature, [{ name: 'x', shape: [1, 3, 2] }])).toEqual([expect.stringContaining(fault)]);
  });
});
