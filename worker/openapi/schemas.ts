// The JSON Schemas of the description: hand-written for what hand-written decoders read, from zod for what zod parses.
import * as z from 'zod';
import { keyRequestSchema } from '../../registry/api-key.ts';
import { manifestSchema } from '../../registry/manifest.ts';
import { routeActionSchema } from '../../registry/route-action.ts';
import { datatypes } from '../../registry/signature.ts';

export type JsonSchema = { readonly [key: string]: unknown };

const text = { type: 'string' };
const whole = { type: 'integer', minimum: 0 };
const anything = {};

function object(properties: Record<string, JsonSchema>, required: readonly string[] = []): JsonSchema {
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}

function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function reference(name: SchemaName): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

const parameters = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } };
const spec = object({ name: text, datatype: { enum: datatypes }, shape: list({ type: 'integer', minimum: -1 }) });
const data = { description: 'Row-major, flat or nested: numbers, booleans or strings; null is NaN.', type: 'array' };
const statistic = object({ count: whole, ns: whole });
const milliseconds = { type: 'number', minimum: 0 };
const coldStart = {
  ...object({
    ...{ route_ms: milliseconds, runtime_ms: milliseconds, fetch_ms: milliseconds },
    ...{ create_ms: milliseconds, warmup_ms: milliseconds },
    from: { enum: ['cache', 'registry'] },
    local_only: {
      ...list(text),
      description: 'Steps that read 0 in production, where clocks stand still without I/O.',
    },
  }),
  description: 'What the load took, by its steps.',
};
const record = { type: 'object', description: 'Values by the names of the features.', additionalProperties: anything };

const written = {
  Error: object({ error: { ...text, description: 'What was expected and what came.' } }, ['error']),
  ServerMetadata: object({ name: text, version: text, extensions: list(text) }, ['name', 'version', 'extensions']),
  Live: object({ live: { type: 'boolean' } }, ['live']),
  Ready: object({ name: text, ready: { type: 'boolean' } }, ['ready']),
  ModelList: object({
    models: list(object({ name: text, versions: whole, aliases: { type: 'object', additionalProperties: text } })),
    next: { type: ['string', 'null'] },
  }),
  ModelMetadata: object(
    {
      ...{ name: text, versions: list(text), platform: text, inputs: list(spec), outputs: list(spec) },
      properties: { type: 'object', additionalProperties: text },
    },
    ['name', 'platform', 'inputs', 'outputs'],
  ),
  ModelConfig: object({
    name: text,
    platform: text,
    max_batch_size: whole,
    input: list(anything),
    output: list(anything),
  }),
  InferenceRequest: object(
    {
      id: text,
      parameters,
      inputs: list(
        object({ name: text, shape: list(whole), datatype: { enum: datatypes }, parameters, data }, [
          'name',
          'shape',
          'datatype',
        ]),
      ),
      outputs: list(object({ name: text, parameters }, ['name'])),
    },
    ['inputs'],
  ),
  InferenceResponse: object(
    {
      ...{ model_name: text, model_version: text, id: text, parameters },
      outputs: list(object({ name: text, shape: list(whole), datatype: { enum: datatypes }, parameters, data })),
    },
    ['model_name', 'outputs'],
  ),
  Records: object({ id: text, instances: { ...list(record), minItems: 1 } }, ['instances']),
  Predictions: object(
    {
      ...{ model_name: text, model_version: text, id: text },
      predictions: list({
        ...object({ label: { type: ['string', 'integer'] }, probability: { type: 'number' }, probabilities: anything }),
        description: 'What a classifier gives; other outputs stand under their names.',
      }),
    },
    ['model_name', 'predictions'],
  ),
  Statistics: object(
    {
      model_stats: list(
        object({
          ...{ name: text, version: text, last_inference: whole, inference_count: whole, execution_count: whole },
          inference_stats: { type: 'object', additionalProperties: statistic },
          response_stats: { type: 'object' },
          batch_stats: {
            ...list(
              object({
                batch_size: whole,
                compute_input: statistic,
                compute_infer: statistic,
                compute_output: statistic,
              }),
            ),
            description: 'By the number of items in a batch; empty if PoPs are merged.',
          },
          memory_usage: list(object({ type: text, id: whole, byte_size: whole })),
          popserve_profile: { ...text, description: 'How it is loaded here.' },
          popserve_cold_start: coldStart,
        }),
      ),
      popserve_scope: { enum: ['isolate', 'all'] },
      popserve_heap: {
        ...object({ byte_size: whole, budget: whole, discarded: whole, replacements: whole }),
        description: 'The memory that all models of the isolate share, bytes; absent if PoPs are merged.',
      },
      popserve_note: text,
    },
    ['model_stats'],
  ),
  RepositoryIndex: list(
    object({ name: text, version: text, state: { enum: ['READY', 'LOADING', 'UNAVAILABLE'] }, reason: text }, ['name']),
  ),
  RepositoryRequest: object({ parameters: object({ version: text }) }),
  PredictRequest: object({ signature_name: text, instances: list(anything), inputs: anything }),
  PredictResponse: object({ predictions: list(anything), outputs: anything }),
  Anything: anything,
};

const parsed = {
  Manifest: manifestSchema,
  RouteAction: routeActionSchema,
  KeyRequest: keyRequestSchema,
};

export type SchemaName = keyof typeof written | keyof typeof parsed;

/** All schemas of the description by name. */
export function componentSchemas(): Record<string, JsonSchema> {
  const fromZod = Object.entries(parsed).map(([name, schema]) => {
    const { $schema: _, ...converted } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    return [name, converted as JsonSchema] as const;
  });
  return { ...written, ...Object.fromEntries(fromZod) };
}
