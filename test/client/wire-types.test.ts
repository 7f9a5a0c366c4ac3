// The client has no dependencies and so types of its own: here they are held against the schemas of the API, by the compiler
// (`npm run check`) where only types meet, and at run time where bytes are made.
import { expect, expectTypeOf, test } from 'vitest';
import type { ErrorCode as ClientErrorCode } from '../../client/errors.ts';
import type { ModelMetadata, PredictAnswer } from '../../client/index.ts';
import type { Datatype } from '../../client/tensors.ts';
import { type AnswerHead, decodeAnswer, encodeRequest, type RequestHead } from '../../client/wire.ts';
import type { ErrorAnswer } from '../../registry/api/error.ts';
import {
  type BinaryTensor,
  type InferenceRequest,
  type InferenceResponse,
  inferenceRequestSchema,
  inferenceResponseSchema,
  type Predictions,
  type Records,
} from '../../registry/api/inference.ts';
import type { ModelMetadata as ServedMetadata } from '../../registry/api/metadata.ts';
import type { ErrorCode } from '../../registry/error-codes.ts';
import type { Datatype as ServedDatatype } from '../../registry/signature.ts';

/** An answer to a request that asks for all its outputs in binary, as the client's do. */
type BinaryResponse = Omit<InferenceResponse, 'outputs'> & { outputs: BinaryTensor[] };

test('the client sends what the API takes, and takes what the API answers', () => {
  expectTypeOf<Datatype>().toEqualTypeOf<ServedDatatype>();
  expectTypeOf<RequestHead>().toExtend<InferenceRequest>();
  expectTypeOf<BinaryResponse>().toExtend<InferenceResponse>();
  expectTypeOf<BinaryResponse>().toExtend<AnswerHead>();
  expectTypeOf<ServedMetadata>().toEqualTypeOf<ModelMetadata>();
  expectTypeOf<{ instances: Records['instances'] }>().toExtend<Records>();
  expectTypeOf<Predictions>().toExtend<Pick<PredictAnswer<Record<string, unknown>>, 'predictions'>>();
  expectTypeOf<ErrorAnswer>().toExtend<{ error?: string }>();
  expectTypeOf<ErrorCode>().toExtend<ClientErrorCode>();
});

const x = { datatype: 'FP32', shape: [1, 2], data: new Float32Array([1, 2]) } as const;

test.each([
  ['with all options', { id: 'a', outputs: ['y'], parameters: { priority: 1 } }],
  ['with none', {}],
])('the JSON part of a request %s is one', (_, options) => {
  const { body, headers } = encodeRequest(new Map([['x', x]]), options);
  const head: unknown = JSON.parse(
    new TextDecoder().decode(body.subarray(0, Number(headers['inference-header-content-length']))),
  );
  expect(inferenceRequestSchema.strict().safeParse(head)).toEqual({ success: true, data: head });
});

test('an answer as the schema has it is decoded', () => {
  const { data } = x;
  const head: BinaryResponse = {
    ...{ model_name: 'adder', model_version: '1', id: 'a' },
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: data.byteLength } }],
  };
  expect(inferenceResponseSchema.safeParse(head)).toEqual({ success: true, data: head });
  const json = new TextEncoder().encode(JSON.stringify(head));
  const body = new Uint8Array([...json, ...new Uint8Array(data.buffer)]);
  const headers = new Headers({ 'inference-header-content-length': String(json.length) });
  expect(decodeAnswer(headers, body.buffer)).toEqual({
    id: 'a',
    outputs: { y: { name: 'y', datatype: 'FP32', shape: [1, 2], data } },
  });
});
