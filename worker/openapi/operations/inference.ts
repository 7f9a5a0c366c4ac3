// Inference over the Open Inference Protocol, and the same models in TensorFlow Serving's form.
import { answerQuerySchema } from '../../../registry/api/queries.ts';
import type { Operation, Operations } from '../operation.ts';

const sample = {
  ...{ type: 'L', air_temperature: 298.9, process_temperature: 309.1 },
  ...{ rotational_speed: 1310, torque: 64.5, tool_wear: 198 },
};
const records = { instances: [sample] };
const rows = { instances: [Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, [value]]))] };

const choosing = ['popserve-min-epoch', 'popserve-key'] as const;
const telling = ['popserve-non-finite', 'popserve-last-call', 'popserve-feedback', 'traceparent'] as const;
export const served = ['popserve-version', 'popserve-epoch', 'popserve-digest'] as const;
const inferred = [
  ...served,
  'popserve-instead-of',
  'popserve-engine',
  'Server-Timing',
  'popserve-answer-id',
  'traceparent',
] as const;
/** Of an answer about texts. */
const ofTexts = ['popserve-tokens', 'popserve-truncated'] as const;

/** A call of a model and the same call of one of its versions. */
export function ofModel(verb: string, rest: string, call: Operation): Operations {
  const operation = { ...call, headers: [...choosing, ...(call.headers ?? [])] };
  return {
    [`${verb} /v2/models/:model${rest}`]: operation,
    [`${verb} /v2/models/:model/versions/:version${rest}`]: {
      ...operation,
      id: `${operation.id}OfVersion`,
      summary: `${operation.summary} (a version or alias)`,
    },
  };
}

function predictions(id: string, prefix: string, path: string, named: string): Operations {
  return {
    [`POST /v1/models/${prefix}:call`]: {
      id,
      tag: 'TensorFlow Serving',
      summary: `Predict with ${named}, row or column format`,
      path: `/v1/models/${path}:predict`,
      query: answerQuerySchema,
      body: { content: 'PredictRequest', example: rows },
      headers: [...choosing, ...telling],
      answer: { content: 'PredictResponse', headers: inferred },
    },
  };
}

function described(id: string, prefix: string, named: string): Operations {
  const tag = 'TensorFlow Serving';
  return {
    [`GET /v1/models/${prefix}`]: {
      ...{ id: `getServed${id}`, tag, summary: `State of ${named}` },
      ...{ headers: choosing, answer: { content: 'ServedVersions' } },
    },
    [`GET /v1/models/${prefix}/metadata`]: {
      ...{ id: `getSignatureOf${id}`, tag, summary: `Signature of ${named}` },
      ...{ headers: choosing, answer: { content: 'SignatureMetadata' } },
    },
  };
}

/** By what was sent: records, tensors, or pictures to a version of one task or the other. */
const answersOfTasks = [
  'Predictions',
  'InferenceResponse',
  'LabelScores',
  'LabelScoresList',
  'DetectedObjects',
  'DetectedObjectsList',
  'Embedding',
  'EmbeddingList',
  'TextSpans',
  'TextSpansList',
  'GeneratedTexts',
  'GeneratedTextsList',
] as const;

export const inferenceOperations: Operations = {
  ...ofModel('POST', '/infer', {
    id: 'infer',
    tag: 'Inference',
    summary: 'Infer from tensors, plain records, pictures or texts',
    query: answerQuerySchema,
    body: {
      content: ['Records', 'InferenceRequest', 'PipelineRequest'],
      binary: true,
      media: true,
      example: records,
    },
    headers: ['Inference-Header-Content-Length', ...telling],
    answer: {
      content: answersOfTasks,
      binary: true,
      headers: [...inferred, ...ofTexts, 'Inference-Header-Content-Length'],
    },
  }),
  ...ofModel('GET', '/infer', {
    id: 'ask',
    tag: 'Inference',
    summary: 'Ask about one record; the answer has an ETag and is kept',
    query: 'features',
    headers: ['If-None-Match', ...telling],
    answer: { content: 'Predictions', headers: [...inferred, 'ETag'], statuses: [200, 304] },
  }),
  'POST /v1/embeddings': {
    id: 'embed',
    tag: 'OpenAI',
    summary: 'Vectors of texts, for clients of OpenAI',
    query: answerQuerySchema,
    body: {
      content: 'EmbeddingsRequest',
      example: { model: 'sentences', input: ['The first text', 'the second'], encoding_format: 'float' },
    },
    headers: [...choosing, ...telling],
    answer: { content: 'EmbeddingsResponse', headers: [...inferred, ...ofTexts], refusals: 'OpenAiError' },
  },
  'POST /v2/models/:model/feedback': {
    ...{ id: 'tellTruth', tag: 'Inference', summary: 'Tell what was true, for answers that were given' },
    body: { content: 'FeedbackRequest', example: { id: 'WzEsIjIi….k3v…', truth: 1 } },
    answer: { content: 'FeedbackAnswer', statuses: [202] },
  },
  ...predictions('predict', '', '{model}', 'the active version'),
  ...predictions('predictOfVersion', ':model/versions/', '{model}/versions/{version}', 'a version'),
  ...predictions('predictOfLabel', ':model/labels/', '{model}/labels/{label}', 'an alias'),
  'GET /v1/models': {
    ...{
      id: 'listServed',
      tag: 'TensorFlow Serving',
      summary: 'Names of models, as clients of KServe and of OpenAI read them',
    },
    answer: { content: 'ServedModels' },
  },
  ...described('Model', ':model', 'a model'),
  ...described('Version', ':model/versions/:version', 'a version'),
  ...described('Label', ':model/labels/:version', 'an alias'),
};
