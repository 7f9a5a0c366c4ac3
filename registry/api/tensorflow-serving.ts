// TensorFlow Serving's REST API as far as it is served here.
// https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md
import * as z from 'zod';
import { modelNameSchema, versionSchema } from '../names.ts';
import { datatypes } from '../signature.ts';
import { tensorflowTypes } from '../tensorflow-types.ts';
import { jsonValueSchema } from './json.ts';

const signatureName = z.enum(['serving_default', '']).exactOptional();

/** The row format asks for predictions, the column format for whole outputs; `{"b64": …}` stands for bytes. */
export const predictRequestSchema = z.union([
  z.object({ signature_name: signatureName, instances: z.array(jsonValueSchema).min(1) }),
  z.object({ signature_name: signatureName, inputs: jsonValueSchema }),
]);

export const predictResponseSchema = z.union([
  z.object({ predictions: z.array(jsonValueSchema).describe('One for each instance.') }),
  z.object({ outputs: jsonValueSchema }),
]);

export const versionStatusSchema = z.object({
  version: versionSchema,
  state: z.enum(['AVAILABLE', 'LOADING', 'END']),
  status: z.object({ error_code: z.enum(['OK', 'UNAVAILABLE']), error_message: z.string() }),
});

export type VersionStatus = z.infer<typeof versionStatusSchema>;

/** Clients of TensorFlow Serving read this, and those of KServe's first protocol. */
export const servedVersionsSchema = z.object({
  name: modelNameSchema,
  ready: z.boolean().describe('Whether the version that is asked for, by default the active one, can answer.'),
  model_version_status: z.array(versionStatusSchema),
});

export type ServedVersions = z.infer<typeof servedVersionsSchema>;

/**
 * KServe's list of models, and OpenAI's in the same object.
 * @see https://platform.openai.com/docs/api-reference/models/list
 */
export const servedModelsSchema = z.object({
  models: z.array(modelNameSchema),
  object: z.literal('list'),
  data: z.array(
    z.object({
      id: modelNameSchema,
      object: z.literal('model'),
      created: z.literal(0).describe('The list of names does not tell when a model was made.'),
      owned_by: z.literal('popserve'),
    }),
  ),
});

export type ServedModels = z.infer<typeof servedModelsSchema>;

export const tensorInfoSchema = z.object({
  name: z.string(),
  dtype: z.enum(datatypes.map((datatype) => tensorflowTypes[datatype])),
  tensor_shape: z.object({
    dim: z.array(z.object({ size: z.string().regex(/^(-1|\d+)$/), name: z.string() })),
    unknown_rank: z.boolean(),
  }),
});

export type TensorInfo = z.infer<typeof tensorInfoSchema>;

export const signatureMetadataSchema = z.object({
  model_spec: z.object({ name: modelNameSchema, signature_name: z.string(), version: versionSchema }),
  metadata: z.object({
    signature_def: z.object({
      signature_def: z.object({
        serving_default: z.object({
          inputs: z.record(z.string(), tensorInfoSchema),
          outputs: z.record(z.string(), tensorInfoSchema),
          method_name: z.string(),
        }),
      }),
    }),
  }),
});

export type SignatureMetadata = z.infer<typeof signatureMetadataSchema>;
