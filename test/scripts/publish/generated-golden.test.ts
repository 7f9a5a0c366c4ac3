// Golden vectors that are made from a seed: the values are the same for ever, and the places that are kept are those that are compared.
import { describe, expect, it } from 'vitest';
import {
  elementsAt,
  encodeGeneratedGolden,
  type MadeInput,
  madeTensor,
} from '../../../scripts/publish/generated-golden.ts';
import type { ValueStyle } from '../../../scripts/publish/sample-values.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const fp32 = (name: string, shape: number[], values: number[]): Tensor => ({
  ...{ name, datatype: 'FP32', shape, data: floats(...values) },
});

describe('made inputs', () => {
  const made = (datatype: MadeInput['datatype'], style: ValueStyle, changes: object = {}): Tensor['data'] =>
    madeTensor({ name: 'x', datatype, shape: [4], values: { style, seed: 1, ...changes } }).data;

  // A version that was published keeps its seeds: other values would fail it everywhere.
  it('never change', () => {
    expect(made('FP32', 'likely')).toEqual(floats(-0.875, -1.984375, 0.78125, -2.25));
    expect(made('INT64', 'small')).toEqual(new Uint8Array(BigInt64Array.of(3n, 5n, 8n, 5n).buffer));
    expect(made('BYTES', 'likely', { hint: { strings: ['H', 'L'], integers: [] } })).toEqual(
      ['H', 'L', 'L', 'L'].map((text) => new TextEncoder().encode(text)),
    );
    expect(made('INT64', 'likely', { hint: { strings: [], integers: [7] } })).toEqual(
      new Uint8Array(BigInt64Array.of(7n, 7n, 7n, 7n).buffer),
    );
  });
});

describe('encodeGeneratedGolden', () => {
  const input: MadeInput = { name: 'x', datatype: 'FP32', shape: [1, 150528], values: { style: 'likely', seed: 2 } };
  const read = (outputs: Tensor[]) => {
    const bytes = encodeGeneratedGolden([{ inputs: [input], outputs }]);
    return bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes)).cases[0];
  };

  it('describes the inputs and keeps small outputs as they are', () => {
    expect(read([fp32('y', [1, 2], [1, 2])])).toEqual({
      inputs: [input],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
    });
  });

  it('keeps a thousand evenly spaced elements of a large output', () => {
    const values = Array.from({ length: 5000 }, (_, index) => index);
    const [kept] = read([fp32('y', [50, 100], values)]).outputs;
    expect([kept.shape, kept.at.length, kept.at[0], kept.at.at(-1)]).toEqual([[50, 100], 1000, 0, 4999]);
    expect(new Set(kept.at).size).toBe(1000);
    expect(kept.data).toEqual(kept.at);
  });

  it('leaves out infinities, which JSON has not', () => {
    const values = [1, Number.POSITIVE_INFINITY, Number.NaN, Number.NEGATIVE_INFINITY];
    expect(read([fp32('y', [4], values)]).outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [4], at: [0, 2], data: [1, null] },
    ]);
  });

  it('gives none where an output has no JSON form', () => {
    expect(read([{ name: 'y', datatype: 'BYTES', shape: [1], data: [Uint8Array.of(0xff)] }])).toBeNull();
  });
});

it('takes elements of any size, and texts', () => {
  expect(elementsAt(fp32('y', [2, 2], [1, 2, 3, 4]), [3, 0])).toEqual(fp32('y', [2], [4, 1]));
  const texts = ['a', 'b', 'c'].map((text) => new TextEncoder().encode(text));
  const taken = elementsAt({ name: 'y', datatype: 'BYTES', shape: [3], data: texts }, [2]);
  expect(taken).toEqual({ name: 'y', datatype: 'BYTES', shape: [1], data: texts.slice(2) });
});
