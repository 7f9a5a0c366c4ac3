// How many rows the limits of a version allow.
import { describe, expect, test } from 'vitest';
import type { InputLimit } from '../../../registry/input-size-limits.ts';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import { largestBatch } from '../../../worker/models/largest-batch.ts';

const spec = (name: string, ...shape: number[]): TensorSpec => ({ name, datatype: 'FP32', shape });

function rows(
  signature: Signature,
  limits: readonly InputLimit[] = [],
  maxElements = 1000,
  maxBodyBytes = 2 ** 55,
): number {
  return largestBatch({ signature, limits: [...limits] }, { maxElements, maxBodyBytes });
}

describe('of a model whose inputs and outputs all have rows', () => {
  const one = { inputs: [spec('x', -1, 4)], outputs: [spec('y', -1)] };
  const two = { inputs: [spec('x', -1, 4), spec('z', -1)], outputs: [spec('y', -1, 2)] };

  test('is what the elements of a request allow', () => {
    expect(rows(one)).toBe(250);
    expect(rows(two)).toBe(200);
    expect(rows({ ...one, inputs: [spec('x', -1, 3, -1, -1)] })).toBe(333);
  });

  test('is what the bytes of a body allow, in binary', () => {
    expect(rows(one, [], 1000, 160)).toBe(10);
    const wide = { inputs: [{ name: 'x', datatype: 'INT64' as const, shape: [-1, 4] }], outputs: [spec('y', -1)] };
    expect(rows(wide, [], 1000, 160)).toBe(5);
  });

  test('counts a string as requests do', () => {
    const words = { inputs: [{ name: 'x', datatype: 'BYTES' as const, shape: [-1, 2] }], outputs: [spec('y', -1)] };
    expect(rows(words)).toBe(7);
    expect(rows(words, [], 1000, 24)).toBe(3);
  });

  test('is what the limits of the version allow, of several the least', () => {
    expect(rows(one, [{ name: 'x', shape: [32, null], elements: 4000 }])).toBe(32);
    expect(rows(one, [{ name: 'x', shape: [32, null], elements: 64 }])).toBe(16);
    const limits = [
      { name: 'x', shape: [32, null], elements: 128 },
      { name: 'z', shape: [8], elements: 8 },
    ];
    expect(rows(two, limits)).toBe(8);
  });

  test('is no more than an int32 holds, also where rows have no elements', () => {
    expect(rows(one, [], 2 ** 50)).toBe(2 ** 31 - 1);
    expect(rows({ ...one, inputs: [spec('x', -1, 0)] })).toBe(2 ** 31 - 1);
  });

  test('does not depend on inputs with a default that have no rows', () => {
    const optionalInputs = [spec('threshold', 1)];
    const batch = { size: -1 as const, inputs: ['x'], outputs: ['y'] };
    expect(rows({ ...one, optionalInputs, batch }, [{ name: 'threshold', shape: [null], elements: 1 }])).toBe(250);
  });
});

test.each<[string, Signature]>([
  ['a fixed leading dimension', { inputs: [spec('x', 1, 4)], outputs: [spec('y', 1)] }],
  ['a scalar among its inputs', { inputs: [spec('x', -1, 4), spec('t')], outputs: [spec('y', -1)] }],
  ['an output without rows', { inputs: [spec('x', -1, 4)], outputs: [spec('y', -1), spec('mean', 4)] }],
  [
    'a variable output that is no row for each of them, as publishing found',
    {
      inputs: [spec('x', -1, 4)],
      outputs: [spec('found', -1, 2)],
      batch: { size: -1, inputs: ['x'], outputs: [] },
    },
  ],
  ['no inputs', { inputs: [], outputs: [spec('y', -1)] }],
  ['rows that are larger than a request may be', { inputs: [spec('x', -1, 2000)], outputs: [spec('y', -1)] }],
])('%s leaves no batch', (_, signature) => {
  expect(rows(signature)).toBe(0);
});
