import { expect, test } from 'vitest';
import type { Signature } from '../../../registry/signature.ts';
import { admitFor } from '../../../worker/protocol/check-inputs.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { decodeLimits } from '../../../worker/protocol/infer-request.ts';
import { binaryData } from './wire.ts';

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1] },
    { name: 'text', datatype: 'BYTES', shape: [2] },
    { name: 'table', datatype: 'FP32', shape: [-1, -1] },
  ],
  outputs: [],
};

function decode(input: object, binary = new Uint8Array()) {
  const json = Buffer.from(JSON.stringify({ inputs: [input] }));
  const body = Buffer.concat([json, binary]);
  const headerLength = binary.length > 0 ? String(json.length) : null;
  return decodeInferRequest({ body, headerLength, signature, limits: decodeLimits, admit: admitFor({ signature }) })
    .inputs[0];
}

const x = { name: 'x', datatype: 'FP32', shape: [2, 1] };
const elements = binaryData('FP32', [1.5, -2]);

test.each([[[1.5, -2]], [[[1.5], [-2]]]])('a column is the vector with its elements: %j', (data) => {
  expect(decode({ ...x, data })).toEqual({ name: 'x', datatype: 'FP32', shape: [2], data: elements });
});

test('a column is a vector in the binary form and with strings too', () => {
  const binary = decode({ ...x, parameters: { binary_data_size: 8 } }, new Uint8Array(elements));
  expect([binary?.shape, Buffer.from(binary?.data as Uint8Array)]).toEqual([
    [2],
    Buffer.from(new Uint8Array(elements)),
  ]);
  const text = decode({ name: 'text', datatype: 'BYTES', shape: [2, 1], data: ['a', 'b'] });
  expect(text?.shape).toEqual([2]);
  expect(text?.data).toEqual([new TextEncoder().encode('a'), new TextEncoder().encode('b')]);
});

test('a column of no elements is an empty vector', () => {
  expect(decode({ ...x, shape: [0, 1], data: [] })?.shape).toEqual([0]);
});

test('a column stays one where the model takes two dimensions', () => {
  expect(decode({ ...x, name: 'table', data: [1, 2] })?.shape).toEqual([2, 1]);
});

test.each([
  [{ ...x, shape: [1, 2], data: [1, 2] }, "input 'x': expected FP32 [-1], got FP32 [1,2]"],
  [{ ...x, shape: [2, 1, 1], data: [1, 2] }, "input 'x': expected FP32 [-1], got FP32 [2,1,1]"],
  [{ ...x, datatype: 'FP64', data: [1, 2] }, "input 'x': expected FP32 [-1], got FP64 [2,1]"],
  [
    { name: 'text', datatype: 'BYTES', shape: [3, 1], data: ['', '', ''] },
    "input 'text': expected BYTES [2], got BYTES [3]",
  ],
])('what is no column of the vector is refused: case %#', (input, message) => {
  expect(() => decode(input)).toThrow(expect.objectContaining({ status: 400, message }));
});
