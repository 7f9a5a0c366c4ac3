// Every datatype through every form of the wire, against the independent encoder of wire.ts.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datatypes } from '../../../registry/signature.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { decodeInferResponse } from '../../../worker/protocol/decode-response.ts';
import { encodeInferRequest } from '../../../worker/protocol/encode-request.ts';
import { encodeInferResponse } from '../../../worker/protocol/encode-response.ts';
import type { EncodedMessage } from '../../../worker/protocol/envelope.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { binaryData, type Case, caseOf, jsonData, limits, nestedData, placeAt, rawData } from './wire.ts';

const signature = { inputs: [], outputs: [] };
const offset = fc.integer({ min: 0, max: 9 });

function bytesOf(message: EncodedMessage): Uint8Array {
  return typeof message.body === 'string' ? new TextEncoder().encode(message.body) : message.body;
}

function headerLengthOf(message: EncodedMessage): string | null {
  return message.headers['Inference-Header-Content-Length'] ?? null;
}

/** Equal bytes, whatever they are views of. */
function expectTensor(tensor: Tensor | undefined, expected: Case): void {
  expect(tensor?.name).toBe(expected.name);
  expect(tensor?.datatype).toBe(expected.datatype);
  expect(tensor?.shape).toEqual(expected.shape);
  const plain = (data: Tensor['data'] | undefined) =>
    data instanceof Uint8Array ? Array.from(data) : data?.map((element) => Array.from(element));
  expect(plain(tensor?.data)).toEqual(plain(rawData(expected.datatype, expected.elements)));
}

function entry({ name, datatype, shape }: Case, rest: string): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape}],${rest}}`;
}

/** FP32 is printed with fewer digits than the same value as FP64. */
function asFp32(value: unknown): unknown {
  return typeof value === 'number' ? Math.fround(value) : value;
}

describe.each(datatypes)('%s', (datatype) => {
  const compared = datatype === 'FP32' ? asFp32 : (value: unknown) => value;

  test('inputs as flat and as nested JSON arrive as the elements they stand for', () => {
    fc.assert(
      fc.property(caseOf(datatype), (input) => {
        const nested = nestedData(input.shape, input.elements);
        // A scalar NaN alone is null, which stands for a key that is not there: it needs its array.
        for (const data of [jsonData(input.elements), ...(nested === 'null' ? [] : [nested])]) {
          const body = new TextEncoder().encode(`{"inputs":[${entry(input, `"data":${data}`)}]}`);
          const request = decodeInferRequest({ body, headerLength: null, signature, limits });
          expectTensor(request.inputs[0], input);
        }
      }),
    );
  });

  test('binary inputs at any alignment arrive as views on the body', () => {
    fc.assert(
      fc.property(caseOf(datatype), caseOf('UINT8'), offset, offset, (first, second, at, padding) => {
        fc.pre(first.name !== second.name);
        const inputs = [first, second];
        const parts = inputs.map((input) => binaryData(input.datatype, input.elements));
        const entries = inputs.map((input, i) => entry(input, `"parameters":{"binary_data_size":${parts[i]?.length}}`));
        const json = new TextEncoder().encode(`{"inputs":[${entries.join(',')}]}${' '.repeat(padding)}`);
        const body = placeAt(Buffer.concat([json, ...parts]), at);
        const request = decodeInferRequest({ body, headerLength: String(json.length), signature, limits });
        for (const [index, input] of inputs.entries()) {
          const tensor = request.inputs[index];
          expectTensor(tensor, input);
          const views = tensor?.data instanceof Uint8Array ? [tensor.data] : (tensor?.data ?? []);
          for (const view of views) expect(view.buffer).toBe(body.buffer);
        }
      }),
    );
  });

  test.each([false, true])('encodeInferRequest is understood by the decoder (binary: %s)', (binary) => {
    fc.assert(
      fc.property(caseOf(datatype), offset, fc.boolean(), (input, at, shared) => {
        const data = placed(input, at, shared);
        const message = encodeInferRequest([{ ...input, data }], { id: 'a"b', binary, binaryOutputs: binary });
        const body = bytesOf(message);
        const request = decodeInferRequest({ body, headerLength: headerLengthOf(message), signature, limits });
        expect(request.id).toBe('a"b');
        expect(request.binaryOutputs).toBe(binary);
        expectTensor(request.inputs[0], input);
      }),
    );
  });

  const forms = datatype === 'FP16' || datatype === 'BF16' ? [true] : [false, true];
  test.each(forms)('outputs from shared and unaligned memory arrive at the caller (binary: %s)', (binary) => {
    fc.assert(
      fc.property(caseOf(datatype), offset, fc.boolean(), (output, at, shared) => {
        const message = encodeInferResponse({
          modelName: 'm',
          modelVersion: '1',
          request: { outputs: null, binaryOutputs: binary },
          outputs: [{ ...output, data: placed(output, at, shared) }],
        });
        const body = bytesOf(message);
        if (!binary) {
          const sent = JSON.parse(String(message.body)) as { outputs: { data: unknown[] }[] };
          const expected = JSON.parse(jsonData(output.elements)) as unknown[];
          expect(sent.outputs[0]?.data.map(compared)).toEqual(expected.map(compared));
        } else {
          const part = binaryData(datatype, output.elements);
          expect(Buffer.from(body.subarray(body.length - part.length)).equals(part)).toBe(true);
        }
        const response = decodeInferResponse({ body, headerLength: headerLengthOf(message) });
        expectTensor(response.outputs[0], output);
      }),
    );
  });
});

function placed(source: Case, at: number, shared: boolean): Tensor['data'] {
  const data = rawData(source.datatype, source.elements);
  return data instanceof Uint8Array ? placeAt(data, at, shared) : data.map((element) => placeAt(element, at, shared));
}
