// Inference as it travels in JSON: tensors of the Open Inference Protocol, and plain records. The Worker reads requests with the
// decoders of worker/protocol, which must not build what they read twice; these schemas say what those take, and a test holds the
// two together. The binary form has the same JSON part, with the data behind it.
// https://github.com/open-inference/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import * as z from 'zod';
import { modelNameSchema, versionSchema } from '../names.ts';
import { datatypeSchema } from '../signature.ts';
import { jsonValueSchema } from './json.ts';

const id = z.string().describe('Comes back in the answer.').exactOptional();

export const inferenceParametersSchema = z
  .record(z.string(), jsonValueSchema)
  .describe(
    '`binary_data_size`, `binary_data`, `binary_data_output`, `classification`; any others, objects such as `headers` too, are not read.',
  );

/** The elements of a tensor in a request. */
export const tensorDataSchema = z
  .array(z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.unknown())]))
  .describe('Row-major, flat or nested; null is NaN.');

const shape = z.array(z.int().min(0));

const requestedTensor = { name: z.string(), shape, datatype: datatypeSchema };

export const inferenceRequestSchema = z.object({
  id,
  parameters: inferenceParametersSchema.exactOptional(),
  inputs: z.array(
    z.object({
      ...requestedTensor,
      parameters: inferenceParametersSchema.exactOptional(),
      data: tensorDataSchema.exactOptional(),
    }),
  ),
  outputs: z
    .array(z.object({ name: z.string(), parameters: inferenceParametersSchema.exactOptional() }))
    .describe('Only these; without it all.')
    .exactOptional(),
});

export type InferenceRequest = z.infer<typeof inferenceRequestSchema>;

/** A tensor of an answer in JSON. */
export const jsonTensorSchema = z.object({
  ...requestedTensor,
  data: z
    .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .describe('Row-major and flat; null is NaN or an infinity.'),
});

/** A tensor of an answer whose data follows behind the JSON part. */
export const binaryTensorSchema = z.object({
  ...requestedTensor,
  parameters: z.object({ binary_data_size: z.int().min(0).describe('Bytes.') }),
});

export type BinaryTensor = z.infer<typeof binaryTensorSchema>;

export const inferenceResponseSchema = z.object({
  model_name: modelNameSchema,
  model_version: versionSchema,
  id,
  outputs: z.array(z.union([jsonTensorSchema, binaryTensorSchema])),
});

export type InferenceResponse = z.infer<typeof inferenceResponseSchema>;

export const recordsSchema = z.object({
  id,
  parameters: inferenceParametersSchema.exactOptional(),
  instances: z.array(z.record(z.string(), jsonValueSchema).describe('Values by the names of the features.')).min(1),
});

export type Records = z.infer<typeof recordsSchema>;

const score = z.number().nullable();

/** The answer of a classifier: probabilities where a row adds up to 1, else scores; other outputs stand under their names. */
export const classificationSchema = z
  .object({
    label: z.union([z.string(), z.number()]),
    probability: z.number().exactOptional(),
    probabilities: z.record(z.string(), z.number()).exactOptional(),
    score: score.exactOptional(),
    scores: z.record(z.string(), score).exactOptional(),
  })
  .catchall(jsonValueSchema);

/** The answer of any other model. */
export const outputsByNameSchema = z.record(z.string(), jsonValueSchema);

export const predictionsSchema = z.object({
  model_name: modelNameSchema,
  model_version: versionSchema,
  id,
  predictions: z.array(z.union([classificationSchema, outputsByNameSchema])).describe('One for each record.'),
});

export type Predictions = z.infer<typeof predictionsSchema>;
