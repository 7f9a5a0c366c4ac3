// Whatever comes as a request is decoded or refused with a 4xx, never worse.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PopserveError } from '../../../registry/errors.ts';
import type { Signature } from '../../../registry/signature.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { limits } from './wire.ts';

const signature: Signature = { inputs: [], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }] };

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const models: Signature['inputs'][] = [
  [],
  [{ name: 'x', datatype: 'FP32', shape: [-1] }],
  [{ name: 'x', datatype: 'BYTES', shape: [1] }],
];

function expectDecodedOrRefused(body: Uint8Array, headerLength: string | null, inputs: Signature['inputs']): void {
  try {
    decodeInferRequest({ body, headerLength, signature: { ...signature, inputs }, limits });
  } catch (error) {
    expect(error).toBeInstanceOf(PopserveError);
    expect(Math.floor((error as PopserveError).status / 100)).toBe(4);
  }
}

const headers = fc.oneof(fc.constant(null), fc.nat({ max: 200 }).map(String), fc.string());

test('arbitrary bytes are refused with a 4xx, never worse', () => {
  fc.assert(fc.property(fc.uint8Array(), headers, fc.constantFrom(...models), expectDecodedOrRefused), {
    numRuns: 1000,
  });
});

test('arbitrary JSON in every place of a request is refused with a 4xx, never worse', () => {
  const any = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(2 ** 53, -1, [2, 2], [[1, 2], [3]], 'FP32', 'BYTES', 'INT64'),
  );
  const parameters = fc.oneof(
    any,
    fc.record({ binary_data_size: any, classification: any, binary_data: any }, { requiredKeys: [] }),
  );
  const text = fc.oneof(any, fc.string());
  const datatype = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('FP32', 'BOOL', 'BYTES', 'INT64', 'BF16') },
    { weight: 1, arbitrary: any },
  );
  const shape = fc.oneof(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), any);
  const input = fc.oneof(any, fc.record({ name: text, datatype, shape, data: any, parameters }, { requiredKeys: [] }));
  const output = fc.oneof(any, fc.record({ name: text, parameters }, { requiredKeys: [] }));
  const request = fc.record(
    {
      id: any,
      inputs: fc.oneof(any, fc.array(input, { maxLength: 3 })),
      outputs: fc.oneof(any, fc.array(output, { maxLength: 3 })),
      parameters,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(request, (value) => expectDecodedOrRefused(bytes(JSON.stringify(value)), null, [])),
    { numRuns: 2000 },
  );
});

test('a good binary request with some bytes changed or cut is decoded or refused with a 4xx', () => {
  const inputs = [
    { name: 'a', datatype: 'INT64', shape: [2], parameters: { binary_data_size: 16 } },
    { name: 'b', datatype: 'FP32', shape: [2, 1], data: [[1], [2]] },
    { name: 'c', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 6 } },
  ];
  const json = bytes(JSON.stringify({ id: 'i', inputs, outputs: [{ name: 'y', parameters: { classification: 2 } }] }));
  const good = Buffer.concat([json, new Uint8Array(16), Uint8Array.of(2, 0, 0, 0, 65, 66)]);
  const edits = fc.array(
    fc.tuple(
      fc.nat({ max: good.length - 1 }),
      fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...bytes('[]{}",:0'))),
      fc.nat({ max: 3 }),
    ),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(edits, fc.integer({ min: -2, max: 2 }), fc.nat({ max: good.length }), (changes, shift, kept) => {
      let body: Buffer = good;
      for (const [at, byte, dropped] of changes) {
        body = Buffer.concat([body.subarray(0, at), Uint8Array.of(byte), body.subarray(at + dropped)]);
      }
      expectDecodedOrRefused(body, String(json.length + shift), []);
      expectDecodedOrRefused(body.subarray(0, kept), String(json.length), []);
    }),
    { numRuns: 2000 },
  );
});
