// The data plane's answers about models: the list, the metadata and readiness of the Open Inference Protocol, Triton's configuration.
// https://github.com/open-inference/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import * as z from 'zod';
import { aliasSchema, modelNameSchema, versionSchema } from '../names.ts';
import { datatypeSchema, tensorSpecSchema } from '../signature.ts';

export const modelListSchema = z.object({
  models: z.array(
    z.object({
      name: modelNameSchema,
      versions: z.int().min(0),
      aliases: z.record(aliasSchema, versionSchema),
      damaged: z.literal(true).describe('Something of the model cannot be read; this is the rest.').exactOptional(),
    }),
  ),
  next: z.string().nullable().describe('Pass it as `after` for the next page; null on the last one.'),
});

export type ModelList = z.infer<typeof modelListSchema>;

/** An input or output. A manifest's is closed; an answer's may gain members. */
export const tensorMetadataSchema = z.object(tensorSpecSchema.shape);

/** An input with a default in the model says so. */
export const inputMetadataSchema = tensorMetadataSchema.extend({
  optional: z.literal(true).optional().describe('There if a request may leave the input out.'),
});

export const featureMetadataSchema = z.object({
  name: z.string(),
  type: z.enum(['number', 'integer', 'boolean', 'string']).describe('How JSON writes a value.'),
  datatype: datatypeSchema,
  shape: tensorSpecSchema.shape.shape.describe(
    "The shape of a record's value: [] is a single value, -1 a dimension of any size.",
  ),
  optional: z.boolean().describe('Whether a record may leave it out.'),
  categories: z
    .array(z.string())
    .optional()
    .describe('The most frequent values of the reference data, if they are categories.'),
  range: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe('The smallest and the largest value of the reference data, if they are measurements.'),
});

export const modelMetadataSchema = z.object({
  name: modelNameSchema,
  versions: z.array(versionSchema).describe('All versions, or the one that was asked for.'),
  platform: z.string(),
  inputs: z.array(inputMetadataSchema),
  outputs: z.array(tensorMetadataSchema),
  pipeline: z
    .object({ task: z.string(), inputs: z.array(tensorMetadataSchema), outputs: z.array(tensorMetadataSchema) })
    .optional()
    .describe(
      "The tensors that may stand in place of the model's own: pictures or texts go in, the answer of the task comes out.",
    ),
  features: z.array(featureMetadataSchema).describe('The values of a record, in the order of the model.'),
  records: z
    .int()
    .min(-1)
    .describe(
      'How many records a request takes: -1 is any number. 1 also if an output has no row for each of several, 0 if a model of a fixed batch has one.',
    ),
  properties: z
    .record(z.string(), z.string())
    .describe(
      "The manifest's metadata, and of this server: version, epoch, digest, aliases, pop, format, onnxruntime, state; where they apply profile, reason, limits, held_epoch, held_reason, labels, random, input_sample.",
    ),
});

export type ModelMetadata = z.infer<typeof modelMetadataSchema>;

export const modelReadySchema = z.object({ name: modelNameSchema, ready: z.literal(true) });

export type ModelReady = z.infer<typeof modelReadySchema>;

const configTensorSchema = z.object({
  name: z.string(),
  data_type: z.enum([
    'TYPE_STRING',
    ...datatypeSchema.exclude(['BYTES']).options.map((name) => `TYPE_${name}` as const),
  ]),
  dims: z.array(z.int().min(-1)).min(1).describe('Without the batch dimension, if `max_batch_size` is not 0.'),
  reshape: z
    .object({ shape: z.array(z.int()) })
    .optional()
    .describe('There if the model has no dimension here, where `dims` has one of 1. Requests may have it or not.'),
});

const configInputSchema = configTensorSchema.extend({
  format: z
    .enum(['FORMAT_NONE', 'FORMAT_NCHW', 'FORMAT_NHWC'])
    .describe('Where the channels of a picture are, by the pipeline or the shape.'),
  optional: z.literal(true).optional().describe('There if a request may leave the input out.'),
});

/** A version's signature in the terms of Triton's model_config.proto. */
export const modelConfigSchema = z.object({
  name: modelNameSchema,
  platform: z.string(),
  backend: z.string(),
  max_batch_size: z
    .int()
    .min(0)
    .describe(
      'The most rows of a request by its limits; 0 if not every input and output has a leading dimension for them.',
    ),
  version_policy: z.object({ specific: z.object({ versions: z.array(versionSchema) }) }),
  input: z.array(configInputSchema),
  output: z.array(configTensorSchema),
  default_model_filename: z.string(),
  parameters: z
    .record(z.string(), z.object({ string_value: z.string() }))
    .describe(
      "digest, graph_optimization; for a version with a pipeline pipeline: its task and steps, the manifest's, as JSON, and tokenizer: the digest of what makes numbers of texts.",
    ),
});

export type ModelConfig = z.infer<typeof modelConfigSchema>;
