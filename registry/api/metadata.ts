// The data plane's answers about models: the list, the metadata and readiness of the Open Inference Protocol, Triton's configuration.
// https://github.com/open-inference/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import * as z from 'zod';
import { aliasSchema, modelNameSchema, versionSchema } from '../names.ts';
import { datatypeSchema, tensorSpecSchema } from '../signature.ts';

export const modelListSchema = z.object({
  models: z.array(
    z.object({ name: modelNameSchema, versions: z.int().min(0), aliases: z.record(aliasSchema, versionSchema) }),
  ),
  next: z.string().nullable().describe('Pass it as `after` for the next page; null on the last one.'),
});

export type ModelList = z.infer<typeof modelListSchema>;

/** An input or output. A manifest's is closed; an answer's may gain members. */
export const tensorMetadataSchema = z.object(tensorSpecSchema.shape);

export const modelMetadataSchema = z.object({
  name: modelNameSchema,
  versions: z.array(versionSchema).describe('All versions, or the one that was asked for.'),
  platform: z.string(),
  inputs: z.array(tensorMetadataSchema),
  outputs: z.array(tensorMetadataSchema),
  properties: z
    .record(z.string(), z.string())
    .describe(
      "The manifest's metadata, and of this server: version, epoch, digest, aliases, pop, format, onnxruntime, state; where they apply profile, reason, limits, held_epoch, held_reason, labels, input_sample.",
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
  dims: z.array(z.int().min(-1)),
});

/** A version's signature in the terms of Triton's model_config.proto. */
export const modelConfigSchema = z.object({
  name: modelNameSchema,
  platform: z.string(),
  backend: z.string(),
  max_batch_size: z.int().min(0).describe('0: shapes are whole, none has a batch dimension that is left out.'),
  version_policy: z.object({ specific: z.object({ versions: z.array(versionSchema) }) }),
  input: z.array(configTensorSchema),
  output: z.array(configTensorSchema),
  default_model_filename: z.string(),
  parameters: z.record(z.string(), z.object({ string_value: z.string() })),
});

export type ModelConfig = z.infer<typeof modelConfigSchema>;
