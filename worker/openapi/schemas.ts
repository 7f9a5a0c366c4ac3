// The components of the description, as JSON Schema from the schemas that the Worker's types and the command's parsing come from.
import * as z from 'zod';
import { auditPageSchema } from '../../registry/api/audit.ts';
import { storedBlobSchema } from '../../registry/api/blobs.ts';
import {
  baselineActionSchema,
  driftHistorySchema,
  modelDriftSchema,
  placeBaselineSchema,
} from '../../registry/api/drift.ts';
import { embeddingsRequestSchema, embeddingsResponseSchema, openAiErrorSchema } from '../../registry/api/embeddings.ts';
import { errorAnswerSchema } from '../../registry/api/error.ts';
import { feedbackAnswerSchema, feedbackRequestSchema } from '../../registry/api/feedback.ts';
import { garbageReportSchema, garbageRequestSchema } from '../../registry/api/garbage.ts';
import {
  binaryTensorSchema,
  classificationSchema,
  inferenceParametersSchema,
  inferenceRequestSchema,
  inferenceResponseSchema,
  jsonTensorSchema,
  outputsByNameSchema,
  predictionsSchema,
  recordsSchema,
  tensorDataSchema,
} from '../../registry/api/inference.ts';
import { jsonValueSchema } from '../../registry/api/json.ts';
import {
  createdKeySchema,
  keyListSchema,
  keyRevocationSchema,
  keySummarySchema,
  revokedKeySchema,
} from '../../registry/api/keys.ts';
import {
  modelConfigSchema,
  modelListSchema,
  modelMetadataSchema,
  modelReadySchema,
  tensorMetadataSchema,
} from '../../registry/api/metadata.ts';
import {
  modelDetailsSchema,
  modelPageSchema,
  registeredVersionSchema,
  retiredVersionSchema,
  retriedVersionSchema,
} from '../../registry/api/models.ts';
import { objectPageSchema, repairReportSchema, restoredObjectSchema } from '../../registry/api/objects.ts';
import { pipelineParametersSchema, pipelineRequestSchema } from '../../registry/api/pipeline-request.ts';
import { platformReportSchema } from '../../registry/api/platform.ts';
import {
  repositoryIndexRequestSchema,
  repositoryIndexSchema,
  repositoryRequestSchema,
} from '../../registry/api/repository.ts';
import { routeChangeSchema, routePageSchema } from '../../registry/api/routes.ts';
import { deletedSampleSchema } from '../../registry/api/sample.ts';
import {
  descriptionSchema,
  serverLiveSchema,
  serverMetadataSchema,
  serverReadySchema,
} from '../../registry/api/server.ts';
import { modelShadowSchema } from '../../registry/api/shadow.ts';
import { statisticSchema, statisticsSchema } from '../../registry/api/statistics.ts';
import { modelStatusSchema } from '../../registry/api/status.ts';
import {
  detectedObjectsListSchema,
  detectedObjectsSchema,
  embeddingListSchema,
  embeddingSchema,
  generatedTextsListSchema,
  generatedTextsSchema,
  labelScoresListSchema,
  labelScoresSchema,
  textSpansListSchema,
  textSpansSchema,
} from '../../registry/api/task-answers.ts';
import {
  predictRequestSchema,
  predictResponseSchema,
  servedModelsSchema,
  servedVersionsSchema,
  signatureMetadataSchema,
  tensorInfoSchema,
} from '../../registry/api/tensorflow-serving.ts';
import { keyRequestSchema } from '../../registry/api-key.ts';
import { manifestSchema } from '../../registry/manifest.ts';
import { routeSchema } from '../../registry/route.ts';
import { routeActionSchema } from '../../registry/route-action.ts';
import { datatypeSchema } from '../../registry/signature.ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** The parts that requests and answers share. */
const shared = {
  Datatype: datatypeSchema,
  Json: jsonValueSchema,
  Manifest: manifestSchema,
};

/** The bodies of requests: members with a default may be left out. */
const requests = {
  ...shared,
  BaselineAction: baselineActionSchema,
  EmbeddingsRequest: embeddingsRequestSchema,
  FeedbackRequest: feedbackRequestSchema,
  GarbageRequest: garbageRequestSchema,
  InferenceParameters: inferenceParametersSchema,
  InferenceRequest: inferenceRequestSchema,
  KeyRequest: keyRequestSchema,
  KeyRevocation: keyRevocationSchema,
  PipelineParameters: pipelineParametersSchema,
  PipelineRequest: pipelineRequestSchema,
  PredictRequest: predictRequestSchema,
  Records: recordsSchema,
  RepositoryIndexRequest: repositoryIndexRequestSchema,
  RepositoryRequest: repositoryRequestSchema,
  RouteAction: routeActionSchema,
  TensorData: tensorDataSchema,
};

/** The bodies of answers: members with a default are always there. */
const answers = {
  ...shared,
  AuditPage: auditPageSchema,
  BinaryTensor: binaryTensorSchema,
  Classification: classificationSchema,
  CreatedKey: createdKeySchema,
  DeletedSample: deletedSampleSchema,
  Description: descriptionSchema,
  DetectedObjects: detectedObjectsSchema,
  DetectedObjectsList: detectedObjectsListSchema,
  DriftHistory: driftHistorySchema,
  Embedding: embeddingSchema,
  EmbeddingList: embeddingListSchema,
  EmbeddingsResponse: embeddingsResponseSchema,
  Error: errorAnswerSchema,
  FeedbackAnswer: feedbackAnswerSchema,
  GarbageReport: garbageReportSchema,
  GeneratedTexts: generatedTextsSchema,
  GeneratedTextsList: generatedTextsListSchema,
  InferenceResponse: inferenceResponseSchema,
  JsonTensor: jsonTensorSchema,
  LabelScores: labelScoresSchema,
  LabelScoresList: labelScoresListSchema,
  KeyList: keyListSchema,
  KeySummary: keySummarySchema,
  ModelConfig: modelConfigSchema,
  ModelDetails: modelDetailsSchema,
  ModelDrift: modelDriftSchema,
  ModelList: modelListSchema,
  ModelMetadata: modelMetadataSchema,
  ModelPage: modelPageSchema,
  ModelReady: modelReadySchema,
  ModelShadow: modelShadowSchema,
  ModelStatus: modelStatusSchema,
  ObjectPage: objectPageSchema,
  OpenAiError: openAiErrorSchema,
  OutputsByName: outputsByNameSchema,
  PlaceBaseline: placeBaselineSchema,
  PlatformReport: platformReportSchema,
  Predictions: predictionsSchema,
  PredictResponse: predictResponseSchema,
  RegisteredVersion: registeredVersionSchema,
  RepairReport: repairReportSchema,
  RepositoryIndex: repositoryIndexSchema,
  RestoredObject: restoredObjectSchema,
  RetiredVersion: retiredVersionSchema,
  RetriedVersion: retriedVersionSchema,
  RevokedKey: revokedKeySchema,
  Route: routeSchema,
  RouteChange: routeChangeSchema,
  RoutePage: routePageSchema,
  ServedModels: servedModelsSchema,
  ServedVersions: servedVersionsSchema,
  ServerLive: serverLiveSchema,
  ServerMetadata: serverMetadataSchema,
  ServerReady: serverReadySchema,
  SignatureMetadata: signatureMetadataSchema,
  Statistic: statisticSchema,
  Statistics: statisticsSchema,
  StoredBlob: storedBlobSchema,
  TensorInfo: tensorInfoSchema,
  TensorMetadata: tensorMetadataSchema,
  TextSpans: textSpansSchema,
  TextSpansList: textSpansListSchema,
};

export type RequestName = keyof typeof requests;
export type AnswerName = keyof typeof answers;

export function reference(name: RequestName | AnswerName): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** All schemas of the description by name. */
export function componentSchemas(): Record<string, JsonSchema> {
  return { ...componentsOf(requests, 'input'), ...componentsOf(answers, 'output') };
}

/** The schema of one parameter. */
export function parameterSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...converted } = z.toJSONSchema(schema, { io: 'input', override: tidy('parameter') });
  return converted;
}

function componentsOf(schemas: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output') {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const uri = (id: string) => `#/components/schemas/${id}`;
  const converted = z.toJSONSchema(registry, { uri, io, override: tidy(io) }).schemas;
  return Object.fromEntries(
    Object.entries(converted).map(([id, { $schema: _, $id: __, ...schema }]): [string, JsonSchema] => [id, schema]),
  );
}

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;

/**
 * Leaves out what zod adds and no reader needs: the bounds of safe integers, a pattern beside its format, names that may be any
 * text. An answer's object may gain members, so that only strict schemas are closed, and its defaults are never left out. In a
 * request's body the default is told in words: generators make a member with a default one that must be sent.
 */
function tidy(io: 'input' | 'output' | 'parameter'): Override {
  return ({ zodSchema, jsonSchema }) => {
    const { def } = zodSchema._zod;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    const names = jsonSchema.propertyNames;
    if (typeof names === 'object' && Object.keys(names).join() === 'type') delete jsonSchema.propertyNames;
    if (io === 'parameter') return;
    if (io === 'input' && jsonSchema.default !== undefined) {
      const { description = '' } = jsonSchema;
      jsonSchema.description = `${description} Default: ${JSON.stringify(jsonSchema.default)}.`.trim();
    }
    delete jsonSchema.default;
    const isOpen = def.type === 'object' && !('catchall' in def && def.catchall);
    if (io === 'output' && isOpen) delete jsonSchema.additionalProperties;
  };
}
