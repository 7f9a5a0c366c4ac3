// The schemas of requests say what the hand-written decoders take: whatever a decoder accepts, its schema accepts as well.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { inferenceRequestSchema, recordsSchema } from '../../../registry/api/inference.ts';
import { predictRequestSchema } from '../../../registry/api/tensorflow-serving.ts';
import type { Signature } from '../../../registry/signature.ts';
import { decodePredictRequest } from '../../../worker/protocol/decode-predict.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { decodeLimits } from '../../../worker/protocol/infer-request.ts';

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 2] },
    { name: 'n', datatype: 'BYTES', shape: [-1, 1] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
};

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const decodeTensors = (value: unknown) =>
  decodeInferRequest({ body: bytesOf(value), headerLength: null, signature, limits: decodeLimits });
const decodePredict = (value: unknown) => decodePredictRequest(bytesOf(value), { signature }, decodeLimits);

const x = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] };
const n = { name: 'n', shape: [1, 1], datatype: 'BYTES', data: ['a'] };
const record = { x: [1, 2], n: 'a' };

const forms: [string, z.ZodType, (value: unknown) => unknown, object][] = [
  ['flat tensors', inferenceRequestSchema, decodeTensors, { inputs: [x, n] }],
  ['nested tensors', inferenceRequestSchema, decodeTensors, { inputs: [{ ...x, data: [[1, null]] }, n], id: 'a' }],
  [
    'tensors with parameters',
    inferenceRequestSchema,
    decodeTensors,
    {
      parameters: { priority: 1, binary_data_output: true, note: 'a' },
      inputs: [{ ...x, parameters: { note: 'a' } }, n],
      outputs: [{ name: 'y', parameters: { binary_data: false, classification: 2 } }],
    },
  ],
  ['records', recordsSchema, decodeTensors, { instances: [record, { ...record, more: { any: [1] } }], id: 'a' }],
  ['rows', predictRequestSchema, decodePredict, { instances: [record], signature_name: 'serving_default' }],
  ['columns', predictRequestSchema, decodePredict, { inputs: { x: [[1, 2]], n: [[{ b64: 'YQ==' }]] } }],
];

describe.each(forms)('%s', (_, schema, decode, form) => {
  test('are taken by both', () => {
    expect(() => decode(form)).not.toThrow();
    expect(schema.safeParse(form).error).toBeUndefined();
  });

  test('with any change that the decoder takes are of the schema', () => {
    const changes = fc.oneof(fc.constantFrom('x', 'FP32', '', 0, -1, 1.5, true, [], {}), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(fc.nat(), changes, (pick, change) => {
        const changed = changedAt(form, pick, change);
        try {
          decode(changed);
        } catch {
          return;
        }
        expect(schema.safeParse(changed).error).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

/** The form with another value in one of its places. */
function changedAt(form: object, pick: number, value: unknown): unknown {
  const places = placesOf(form);
  const place = places[pick % places.length] ?? [];
  const copy = structuredClone(form) as Record<string, unknown>;
  const parent = place.slice(0, -1).reduce((part, name) => part[name] as Record<string, unknown>, copy);
  parent[place.at(-1) ?? ''] = value;
  return withoutNulls(copy);
}

/** Decoders take null for a member that is left out, which schemas do not tell. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(members.map(([name, part]) => [name, withoutNulls(part)]));
}

function placesOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => [[name], ...placesOf(part).map((place) => [name, ...place])]);
}
