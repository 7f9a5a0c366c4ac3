// The form of an answer on the wire; that values survive is in round-trip.test.ts.
import { describe, expect, test } from 'vitest';
import { decodeInferResponse } from '../../../worker/protocol/decode-response.ts';
import { encodeInferRequest } from '../../../worker/protocol/encode-request.ts';
import { encodeInferResponse, type InferResponse } from '../../../worker/protocol/encode-response.ts';
import type { RequestedOutput } from '../../../worker/protocol/infer-request.ts';
import { tensor } from './wire.ts';

type Wish = Partial<RequestedOutput> & { name: string };

function encode(
  outputs: InferResponse['outputs'],
  wishes: readonly Wish[] | null = null,
  more: Partial<InferResponse> = {},
) {
  const requested = wishes?.map((wish) => ({ binary: undefined, classification: undefined, ...wish })) ?? null;
  return encodeInferResponse({
    modelName: 'm',
    modelVersion: 'v2',
    request: { outputs: requested, binaryOutputs: false },
    outputs,
    ...more,
  });
}

const scores = tensor('scores', 'FP32', [1, 4], [0.1, 0.5, 0.25, 0.5]);
const label = tensor('label', 'INT64', [1], [2n ** 63n - 1n]);

test('a JSON answer is one text with flat data, short floats and all digits of 64-bit integers', () => {
  const { headers, body } = encode([label, scores], null, { id: 'i', parameters: { popserve_epoch: 3 } });
  expect(headers).toEqual({ 'content-type': 'application/json' });
  expect(body).toBe(
    '{"model_name":"m","model_version":"v2","id":"i","parameters":{"popserve_epoch":3},"outputs":[' +
      '{"name":"label","shape":[1],"datatype":"INT64","data":[9223372036854775807]},' +
      '{"name":"scores","shape":[1,4],"datatype":"FP32","data":[0.1,0.5,0.25,0.5]}]}',
  );
});

test('NaN and infinities are null, minus zero keeps its sign', () => {
  const elements = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];
  for (const datatype of ['FP32', 'FP64'] as const) {
    expect(encode([tensor('y', datatype, [5], elements)]).body).toContain('"data":[null,null,null,-0,0]');
    expect(encode([tensor('y', datatype, [3], elements.slice(0, 3))]).body).toContain('"data":[null,null,null]');
  }
});

test('binary outputs follow the JSON in its order, and each output may say otherwise', () => {
  const strings = tensor('s', 'BYTES', [2], ['é', '']);
  const wish = (name: string, binary?: boolean): RequestedOutput => ({ name, binary, classification: undefined });
  const request = { outputs: [wish('s'), wish('scores', false), wish('label')], binaryOutputs: true };
  const { headers, body } = encode([scores, label, strings], null, { request });
  if (typeof body === 'string') throw new Error('expected bytes');
  const length = Number(headers['Inference-Header-Content-Length']);
  expect(headers['content-type']).toBe('application/octet-stream');
  expect(JSON.parse(Buffer.from(body.subarray(0, length)).toString())).toEqual({
    model_name: 'm',
    model_version: 'v2',
    outputs: [
      { name: 's', shape: [2], datatype: 'BYTES', parameters: { binary_data_size: 10 } },
      { name: 'scores', shape: [1, 4], datatype: 'FP32', data: [0.1, 0.5, 0.25, 0.5] },
      { name: 'label', shape: [1], datatype: 'INT64', parameters: { binary_data_size: 8 } },
    ],
  });
  expect(Buffer.from(body.subarray(length)).toString('hex')).toBe('02000000c3a900000000ffffffffffffff7f');
});

test.each([
  [
    tensor('y', 'FP16', [1], [1]),
    `output 'y': FP16 has no JSON form, ask for it with parameters {"binary_data": true}`,
  ],
  [
    tensor('y', 'BF16', [1], [1]),
    `output 'y': BF16 has no JSON form, ask for it with parameters {"binary_data": true}`,
  ],
  [
    { name: 'y', datatype: 'BYTES' as const, shape: [2], data: [Uint8Array.of(65), Uint8Array.of(0xff)] },
    "output 'y': element 1 is not UTF-8, which JSON cannot carry; use the binary form",
  ],
])('an output without a JSON form is refused unless it is asked for in binary: case %#', (output, message) => {
  expect(() => encode([output])).toThrow(expect.objectContaining({ status: 400, message }));
  const { headers, body } = encode([output], [{ name: 'y', binary: true }]);
  const headerLength = headers['Inference-Header-Content-Length'] ?? null;
  expect(decodeInferResponse({ body: Buffer.from(body), headerLength }).outputs[0]?.name).toBe('y');
});

test('text keeps a byte order mark at its start', () => {
  expect(encode([tensor('y', 'BYTES', [1], ['\ufeffa'])]).body).toContain('"data":["\ufeffa"]');
});

test('an output that the model did not give is an internal error', () => {
  expect(() => encode([scores], [{ name: 'constructor' }])).toThrow(expect.objectContaining({ status: 500 }));
});

describe('classification', () => {
  function classes(
    output: InferResponse['outputs'][number],
    classification: number,
    more: Partial<InferResponse> = {},
  ) {
    const { body } = encode([output], [{ name: output.name, classification }], more);
    return (JSON.parse(String(body)) as { outputs: { shape: number[]; datatype: string; data: string[] }[] })
      .outputs[0];
  }

  test('names the highest values, equal ones by index, with labels where there are any', () => {
    expect(classes(scores, 3, { labels: { scores: ['a', 7] } })).toEqual({
      name: 'scores',
      shape: [1, 3],
      datatype: 'BYTES',
      data: ['0.5:1:7', '0.5:3', '0.25:2'],
    });
  });

  test('counts from the start in each row of a batch and takes further dimensions as classes', () => {
    const output = tensor('constructor', 'INT64', [2, 1, 3], [1n, 2n, 3n, 2n ** 60n, -5n, 2n ** 60n + 1n]);
    expect(classes(output, 2, { labels: {} })).toMatchObject({
      shape: [2, 2],
      data: ['3:2', '2:1', `${2n ** 60n + 1n}:2`, `${2n ** 60n}:0`],
    });
  });

  test('of one dimension has no batch, of fewer classes than asked gives all, NaN last', () => {
    const output = tensor('y', 'FP16', [3], [Number.NaN, -1, Number.NEGATIVE_INFINITY]);
    expect(classes(output, 9)).toMatchObject({ shape: [3], data: ['-1:1', '-Infinity:2', 'NaN:0'] });
    expect(classes(tensor('y', 'FP64', [], [2]), 9)).toMatchObject({ shape: [1], data: ['2:0'] });
    expect(classes(tensor('y', 'FP64', [0, 3], []), 2)).toMatchObject({ shape: [0, 2], data: [] });
  });

  test('of an output that is not numeric is refused', () => {
    const output = tensor('y', 'BYTES', [1], ['a']);
    expect(() => classes(output, 1)).toThrow("output 'y': classification needs numbers, the output is BYTES");
  });
});

describe('the caller', () => {
  test('can ask for outputs and classes', () => {
    const message = encodeInferRequest([label], {
      parameters: { priority: 1 },
      binaryOutputs: true,
      outputs: [{ name: 'y', binary: false, classification: 2 }, { name: 'z' }],
    });
    expect(JSON.parse(String(message.body))).toMatchObject({
      parameters: { priority: 1, binary_data_output: true },
      outputs: [
        { name: 'y', parameters: { binary_data: false, classification: 2 } },
        { name: 'z', parameters: {} },
      ],
    });
  });

  test.each(['FP16', 'FP32', 'FP64', 'BF16'] as const)(
    'cannot send an infinite %s as JSON, but as binary',
    (datatype) => {
      const input = tensor('x', datatype, [2], [0, Number.NEGATIVE_INFINITY]);
      expect(() => encodeInferRequest([input])).toThrow(
        "input 'x': -Infinity has no JSON form, send it in the binary form",
      );
      expect(encodeInferRequest([input], { binary: true }).headers['content-type']).toBe('application/octet-stream');
    },
  );

  test('gets id, version and parameters of an answer', () => {
    const { body } = encode([scores], null, { id: 'i', parameters: { a: true } });
    const response = decodeInferResponse({ body: Buffer.from(String(body)), headerLength: null });
    expect(response).toMatchObject({ modelName: 'm', modelVersion: 'v2', id: 'i', parameters: { a: true } });
  });

  test('is told that an answer is none', () => {
    const decode = (text: string) => decodeInferResponse({ body: Buffer.from(text), headerLength: null });
    expect(() => decode('<html>')).toThrow(expect.objectContaining({ status: 500 }));
    expect(() =>
      decode('{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[1]}]}'),
    ).toThrow("the server's answer is not an inference response: output 'y': shape [2] has 2 elements, data has 1");
  });
});
