// What each route does, for people: the words of the description, by verb and path as they are mounted.
import type { SchemaName } from './schemas.ts';

export interface Operation {
  readonly tag: 'Inference' | 'Models' | 'Health' | 'TensorFlow Serving' | 'Registry' | 'Description';
  readonly summary: string;
  /** Where the mounted path is a pattern. */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: SchemaName | readonly SchemaName[] | 'bytes';
  readonly example?: unknown;
  readonly answer: SchemaName | readonly SchemaName[] | 'bytes' | 'page' | 'none';
  readonly operator?: boolean;
}

const sample = {
  ...{ type: 'L', air_temperature: 298.9, process_temperature: 309.1 },
  ...{ rotational_speed: 1310, torque: 64.5, tool_wear: 198 },
};
const records = { instances: [sample] };
const rows = { instances: [Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, [value]]))] };

/** A call of a model and the same call of one of its versions. */
function ofModel(verb: string, rest: string, operation: Operation): Record<string, Operation> {
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
      answer: 'PredictResponse',
    },
  };
}

function described(prefix: string, of: string): Record<string, Operation> {
  const tag = 'TensorFlow Serving';
  return {
    [`GET /v1/models/${prefix}`]: { tag, summary: `State of ${of}`, answer: 'Anything' },
    [`GET /v1/models/${prefix}/metadata`]: { tag, summary: `Signature of ${of}`, answer: 'Anything' },
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

const statisticsQuery = { scope: "'isolate' (default): counted by the isolate that answers; 'all': merged over PoPs" };
const pageQuery = { limit: 'entries of a page', after: 'the last name of the page before' };

/** A call within the pattern of another one. */
export const withinPatterns = [{ method: 'GET', path: '/v2/models/stats' }];

export const operations: Readonly<Record<string, Operation>> = {
  ...ofModel('POST', '/infer', {
    tag: 'Inference',
    summary: 'Infer from tensors or from plain records',
    body: ['Records', 'InferenceRequest'],
    example: records,
    answer: ['Predictions', 'InferenceResponse'],
  }),
  ...ofModel('GET', '/infer', {
    tag: 'Inference',
    summary: 'Ask about one record; the answer has an ETag and is kept',
    query: { '*': 'each feature by its name; elements of a list separated by commas' },
    answer: 'Predictions',
  }),
  ...predictions('', '{model}', 'the active version'),
  ...predictions(':model/versions/', '{model}/versions/{version}', 'a version'),
  ...predictions(':model/labels/', '{model}/labels/{label}', 'an alias'),
  ...described(':model', 'a model'),
  ...described(':model/versions/:version', 'a version'),
  ...described(':model/labels/:version', 'an alias'),
  'GET /v2/models': { tag: 'Models', summary: 'Models with their aliases', query: pageQuery, answer: 'ModelList' },
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
  ...ofModel('GET', '/artifact', { tag: 'Models', summary: 'The bytes of the model', answer: 'bytes' }),
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
  ...registry('GET', '/blobs/:digest', 'Read a blob, or a range of it', { answer: 'bytes' }),
  ...registry('PUT', '/blobs/:digest', 'Store a blob', { body: 'bytes' }),
  ...registry('GET', '/models', 'List models', { query: pageQuery }),
  ...registry('GET', '/models/:model', 'Show a model'),
  ...registry('PUT', '/models/:model/versions/:version', 'Register a version', { body: 'Manifest' }),
  ...registry('GET', '/models/:model/versions/:version', 'Show a manifest', { answer: 'Manifest' }),
  ...registry('DELETE', '/models/:model/versions/:version', 'Retire a version that is not routed'),
  ...registry('POST', '/models/:model/routes', 'Write a new route: activate, rollback, canary …', {
    body: 'RouteAction',
    example: { action: 'activate', version: '1' },
  }),
  ...registry('GET', '/models/:model/routes', 'History, newest first', {
    query: { limit: 'entries', before: 'epoch' },
  }),
  ...registry('GET', '/models/:model/status', 'What all PoPs serve of a model, and what they counted'),
  ...registry(
    'GET',
    '/models/:model/shadow',
    'How the answers of a shadow compare with those of the version that serves',
  ),
  ...registry('GET', '/models/:model/drift', 'How far live values have moved from the baseline'),
  ...registry('GET', '/models/:model/sample', 'Sampled inputs with their answers, as JSON lines (scope admin)', {
    query: { version: 'only this version', pop: 'only this PoP' },
    answer: 'bytes',
  }),
  ...registry('DELETE', '/models/:model/sample', 'Delete the sampled inputs (scope admin)'),
  ...registry('GET', '/audit', 'Calls of the control plane', { query: pageQuery }),
  ...registry('POST', '/gc', 'Collect garbage', { body: 'Anything', example: { dryRun: true } }),
  ...registry('POST', '/keys', 'Create an API key', { body: 'KeyRequest' }),
  ...registry('GET', '/keys', 'List API keys'),
  ...registry('DELETE', '/keys/:id', 'Revoke an API key', { body: 'Anything', example: { reason: 'lost' } }),
  'GET /metrics': {
    ...{ tag: 'Models', summary: 'Metrics for Prometheus, over all PoPs', answer: 'bytes', operator: true },
    query: { names: '`triton` adds its names' },
  },
  'GET /openapi.json': { tag: 'Description', summary: 'This description', answer: 'Anything' },
  'GET /docs': { tag: 'Description', summary: 'A page to read and try it', answer: 'page' },
};
