import { describe, expect, it } from 'vitest';
import { isSizeOverflow, tidy } from '../../../scripts/inspect/refusal.ts';
import { encodeGolden } from '../../../scripts/publish/golden.ts';
import { planWarmup } from '../../../scripts/publish/warmup.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

function fp32(name: string, values: readonly number[]): Tensor {
  return {
    name,
    datatype: 'FP32',
    shape: [values.length],
    data: new Uint8Array(Float32Array.from(values).buffer),
  };
}

function int64(name: string, values: readonly bigint[]): Tensor {
  const data = new Uint8Array(BigInt64Array.from(values).buffer);
  return { name, datatype: 'INT64', shape: [values.length], data };
}

describe('the warm-up', () => {
  it('keeps small values, 64-bit ones beyond 2^53 as digits', () => {
    const plan = planWarmup([fp32('x', [0.5, -1]), int64('i', [3n, 2n ** 60n])]);
    expect(plan.warmup).toEqual([
      { name: 'x', shape: [2], data: [0.5, -1] },
      { name: 'i', shape: [2], data: [3, String(2n ** 60n)] },
    ]);
    expect(plan.hasZeros).toBe(false);
  });

  it('makes zeros of what is large, in favour of what is small', () => {
    const plan = planWarmup([fp32('picture', new Array(3000).fill(0.25)), int64('rate', [16_000n])]);
    expect(plan.warmup).toEqual([
      { name: 'picture', shape: [3000] },
      { name: 'rate', shape: [1], data: [16_000] },
    ]);
    expect(plan.hasZeros).toBe(true);
    expect(plan.tensors[0]?.data).toEqual(new Uint8Array(12_000));
  });

  it('makes zeros of what JSON cannot say', () => {
    expect(planWarmup([fp32('x', [Number.NaN])]).warmup).toEqual([{ name: 'x', shape: [1] }]);
    const bytes: Tensor = { name: 's', datatype: 'BYTES', shape: [1], data: [Uint8Array.of(0xff)] };
    expect(planWarmup([bytes])).toMatchObject({ warmup: [{ name: 's', shape: [1] }], tensors: [{ data: [{}] }] });
  });
});

describe('golden vectors', () => {
  it('are JSON of OIP tensors with every digit', () => {
    const golden = encodeGolden([{ inputs: [int64('i', [2n ** 60n])], outputs: [fp32('y', [0.1, Number.NaN])] }]);
    expect(new TextDecoder().decode(golden?.bytes)).toBe(
      '{"cases":[{"inputs":[{"name":"i","shape":[1],"datatype":"INT64","data":[1152921504606846976]}],' +
        '"outputs":[{"name":"y","shape":[2],"datatype":"FP32","data":[0.1,null]}]}]}',
    );
  });

  it('are the first cases that fit', () => {
    const small = { inputs: [fp32('x', [1])], outputs: [fp32('y', [1])] };
    const large = { inputs: [fp32('x', new Array(60_000).fill(0.123))], outputs: [] };
    expect(encodeGolden([small, large, small])?.cases).toBe(1);
    expect(encodeGolden([large])).toBeNull();
    expect(encodeGolden([{ inputs: [fp32('x', new Array(1_000_000).fill(1))], outputs: [] }])).toBeNull();
  });

  it('are left out where a string is no text', () => {
    const bytes: Tensor = { name: 's', datatype: 'BYTES', shape: [1], data: [Uint8Array.of(0xff)] };
    expect(encodeGolden([{ inputs: [bytes], outputs: [] }])).toBeNull();
  });
});

describe("the runtime's words", () => {
  it.each([
    [
      'cannot load the model: /mnt/build/1/s/onnxruntime/core/graph/model.cc:193 onnxruntime::Model::Model(ModelProto &&, const PathString &) Missing opset in the model.',
      'Missing opset in the model.',
    ],
    ['cannot load the model: inference_session.cc:2119 LoadOrtModelWithLoader ORT model failed.', 'ORT model failed.'],
    ['Status Message: /build/core/reshape.h:93 ns::A::A(int, bool) sizes\n differ', 'Status Message: sizes differ'],
    ['No Op registered for X', 'No Op registered for X'],
  ])('are shown without the places in its source: %s', (message, words) => {
    expect(tidy(message)).toBe(words);
  });

  it('are cut when they are long', () => {
    expect(tidy('x'.repeat(10_000)).length).toBeLessThan(600);
  });

  it('tell a size beyond 32 bits', () => {
    expect(isSizeOverflow('SafeIntOnOverflow() Integer overflow')).toBe(true);
    expect(isSizeOverflow('indices element out of data bounds')).toBe(false);
  });
});
