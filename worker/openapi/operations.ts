// What each route does, for people: the words of the description, by verb and path as they are mounted.
import type { AnswerHeader, RequestHeader } from './headers.ts';
import type { JsonSchema, SchemaName } from './schemas.ts';

/** `metrics` is Prometheus' text, `lines` a JSON value each. */
export type AnswerContent = SchemaName | readonly SchemaName[] | 'bytes' | 'page' | 'metrics' | 'lines' | 'none';

interface QueryParameter {
  readonly description: string;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly tag: 'Inference' | 'Models' | 'Health' | 'TensorFlow Serving' | 'Registry' | 'Description';
  readonly summary: string;
  /** Where the mounted path is a pattern. */
  readonly path?: string;
  /** A description alone is one of a text; `*` stands for any names. */
  readonly query?: Readonly<Record<string, string | QueryParameter>>;
  readonly headers?: readonly RequestHeader[];
  readonly body?: SchemaName | readonly SchemaName[] | 'bytes';
  readonly example?: unknown;
  readonly answer: AnswerContent;
  /** Beside `popserve-pop`, which every answer has. */
  readonly answerHeaders?: readonly AnswerHeader[];
  /** Of success; default 200. */
  readonly statuses?: readonly (200 | 201 | 206 | 304)[];
  readonly operator?: boolean;
}

const sample = {
  ...{ type: 'L', air_temperature: 298.9, process_temperature: 309.1 },
  ...{ rotational_speed: 1310, torque: 64.5, tool_wear: 198 },
};
const records = { instances: [sample] };
const rows = { instances: [Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, [value]]))] };

const choosing = ['popserve-min-epoch', 'popserve-key'] as const;
const served = ['popserve-version', 'popserve-epoch', 'popserve-digest'] as const;
const inferred = [...served, 'popserve-instead-of', 'Server-Timing'] as const;

/** How blobs are read. */
const blob = {
  answer: 'bytes',
  headers: ['If-None-Match', 'Range', 'If-Range'],
  statuses: [200, 206, 304],
} as const;

/** A call of a model and the same call of one of its versions. */
function ofModel(verb: string, rest: string, call: Operation): Record<string, Operation> {
  const operation = { ...call, headers: [...choosing, ...(call.headers ?? [])] };
  return {
    [`${verb} /v2/models/:model${rest}`]: operation,
    [`${verb} /v2/models/:model/versions/:version${rest}`]: {
      ...operation,
      summary: `${operation.summary} (a version or alias)`,
    },
  };
}

function predictions(prefix: string, path: string, of: string): Record<string, Operation> {
  return {
    [`POST /v1/models/${prefix}:call`]: {
      tag: 'TensorFlow Serving',
      summary: `Predict with ${of}, row or column format`,
      path: `/v1/models/${path}:predict`,
      body: 'PredictRequest',
      example: rows,
      headers: choosing,
      answer: 'PredictResponse',
      answerHeaders: inferred,
    },
  };
}

function described(prefix: string, of: string): Record<string, Operation> {
  const tag = 'TensorFlow Serving';
  return {
    [`GET /v1/models/${prefix}`]: { tag, summary: `State of ${of}`, headers: choosing, answer: 'Anything' },
    [`GET /v1/models/${prefix}/metadata`]: {
      ...{ tag, summary: `Signature of ${of}`, headers: choosing, answer: 'Anything' },
    },
  };
}

function registry(
  verb: string,
  path: string,
  summary: string,
  more: Partial<Operation> = {},
): Record<string, Operation> {
  return { [`${verb} /registry${path}`]: { tag: 'Registry', summary, answer: 'Anything', operator: true, ...more } };
}

const oneOf = (...names: [byDefault: string, ...others: string[]]) => ({ enum: names, default: names[0] });
const entries = (most: number, byDefault: number) => ({
  description: 'entries of a page',
  schema: { type: 'integer', minimum: 1, maximum: most, default: byDefault },
});
const statisticsQuery = {
  scope: {
    description: 'isolate: counted by the one that answers; all: merged over PoPs',
    schema: oneOf('isolate', 'all'),
  },
};
const after = 'what the page before gave as `next`';
const pageQuery = { limit: entries(100, 50), after };
const placeQuery = { version: 'only this version', pop: 'only this PoP' };
const created = { statuses: [200, 201] } as const;

/** A call within the pattern of another one. */
export const withinPatterns = [{ method: 'GET', path: '/v2/models/stats' }];

export const operations: Readonly<Record<string, Operation>> = {
  ...ofModel('POST', '/infer', {
    tag: 'Inference',
    summary: 'Infer from tensors or from plain records',
    body: ['Records', 'InferenceRequest'],
    example: records,
    headers: ['Inference-Header-Content-Length'],
    answer: ['Predictions', 'InferenceResponse'],
    answerHeaders: [...inferred, 'Inference-Header-Content-Length'],
  }),
  ...ofModel('GET', '/infer', {
    tag: 'Inference',
    summary: 'Ask about one record; the answer has an ETag and is kept',
    query: { '*': 'each feature by its name; elements of a list separated by commas' },
    headers: ['If-None-Match'],
    answer: 'Predictions',
    answerHeaders: [...inferred, 'ETag'],
    statuses: [200, 304],
  }),
  ...predictions('', '{model}', 'the active version'),
  ...predictions(':model/versions/', '{model}/versions/{version}', 'a version'),
  ...predictions(':model/labels/', '{model}/labels/{label}', 'an alias'),
  ...described(':model', 'a model'),
  ...described(':model/versions/:version', 'a version'),
  ...described(':model/labels/:version', 'an alias'),
  'GET /v2/models': {
    ...{ tag: 'Models', summary: 'Models with their aliases', answer: 'ModelList' },
    query: { limit: entries(400, 400), after },
  },
  ...ofModel('GET', '', {
    tag: 'Models',
    summary: 'Inputs, outputs, versions and what is served',
    answer: 'ModelMetadata',
  }),
  ...ofModel('GET', '/ready', { tag: 'Models', summary: 'Load it if need be; is it ready?', answer: 'Ready' }),
  ...ofModel('GET', '/config', {
    tag: 'Models',
    summary: 'Model configuration as Triton has it',
    answer: 'ModelConfig',
  }),
  ...ofModel('GET', '/artifact', {
    ...{ tag: 'Models', summary: 'The bytes of the model', ...blob },
    query: { digest: 'these bytes or none, `sha256:…`; the answer may then be kept for ever' },
    answerHeaders: [...served, 'popserve-format', 'ETag'],
  }),
  ...ofModel('GET', '/stats', { tag: 'Models', summary: 'Statistics', query: statisticsQuery, answer: 'Statistics' }),
  'GET /v2/models/stats': { tag: 'Models', summary: 'Statistics of all', query: statisticsQuery, answer: 'Statistics' },
  'POST /v2/repository/index': {
    tag: 'Models',
    summary: 'Every version with its state here',
    body: 'Anything',
    example: { ready: true },
    answer: 'RepositoryIndex',
  },
  'POST /v2/repository/models/:model/load': {
    ...{ tag: 'Models', summary: 'Load and warm a version here', body: 'RepositoryRequest', example: {} },
    ...{ answer: 'none', operator: true },
  },
  'POST /v2/repository/models/:model/unload': {
    ...{ tag: 'Models', summary: 'Free the memory of a version here', body: 'RepositoryRequest', example: {} },
    ...{ answer: 'none', operator: true },
  },
  'GET /v2': { tag: 'Health', summary: 'Name, version and extensions of the server', answer: 'ServerMetadata' },
  'GET /v2/health/live': { tag: 'Health', summary: 'Does it live?', answer: 'Live' },
  'GET /v2/health/ready': { tag: 'Health', summary: 'Do runtime and registry work?', answer: 'Live' },
  ...registry('GET', '/blobs/:digest', 'Read a blob, or a range of it', { ...blob, answerHeaders: ['ETag'] }),
  ...registry('PUT', '/blobs/:digest', 'Store a blob', { body: 'bytes', ...created }),
  ...registry('GET', '/models', 'List models', { query: pageQuery }),
  ...registry('GET', '/models/:model', 'Show a model'),
  ...registry('PUT', '/models/:model/versions/:version', 'Register a version', { body: 'Manifest', ...created }),
  ...registry('GET', '/models/:model/versions/:version', 'Show a manifest', {
    answer: 'Manifest',
    answerHeaders: ['ETag'],
  }),
  ...registry('DELETE', '/models/:model/versions/:version', 'Retire a version that is not routed'),
  ...registry('POST', '/models/:model/routes', 'Write a new route: activate, rollback, canary …', {
    body: 'RouteAction',
    example: { action: 'activate', version: '1' },
    headers: ['If-Match', 'popserve-actor'],
    answerHeaders: ['ETag'],
    ...created,
  }),
  ...registry('GET', '/models/:model/routes', 'History, newest first', {
    query: {
      limit: entries(100, 50),
      before: { description: 'only older epochs', schema: { type: 'integer', minimum: 1 } },
    },
  }),
  ...registry('GET', '/models/:model/status', 'What all PoPs serve of a model, and what they counted'),
  ...registry(
    'GET',
    '/models/:model/shadow',
    'How the answers of a shadow compare with those of the version that serves',
  ),
  ...registry('GET', '/models/:model/drift', 'How far live values have moved from the baseline', { query: placeQuery }),
  ...registry('GET', '/models/:model/sample', 'Sampled inputs with their answers, as JSON lines (scope admin)', {
    query: placeQuery,
    answer: 'lines',
    answerHeaders: ['popserve-sample-rows', 'popserve-sample-seen', 'popserve-sample-skipped'],
  }),
  ...registry('DELETE', '/models/:model/sample', 'Delete the sampled inputs (scope admin)'),
  ...registry('GET', '/audit', 'Successful changes, and reads that are recorded, newest first', { query: pageQuery }),
  ...registry('POST', '/gc', 'Collect garbage', { body: 'Anything', example: { dryRun: true } }),
  ...registry('POST', '/keys', 'Create an API key', { body: 'KeyRequest', statuses: [201] }),
  ...registry('GET', '/keys', 'List API keys'),
  ...registry('DELETE', '/keys/:id', 'Revoke an API key', { body: 'Anything', example: { reason: 'lost' } }),
  'GET /metrics': {
    ...{ tag: 'Models', summary: 'Metrics for Prometheus, over all PoPs', answer: 'metrics', operator: true },
    query: { names: { description: '`triton` adds its names', schema: oneOf('popserve', 'triton') } },
  },
  'GET /openapi.json': { tag: 'Description', summary: 'This description', answer: 'Anything' },
  'GET /docs': { tag: 'Description', summary: 'A page to read and try it', answer: 'page' },
};
