// Models and their state, health, metrics and the description itself.
import {
  artifactQuerySchema,
  metricsQuerySchema,
  modelPageQuerySchema,
  statisticsQuerySchema,
} from '../../../registry/api/queries.ts';
import type { Operations } from '../operation.ts';
import { ofModel, served } from './inference.ts';
import { blob } from './registry.ts';

export const modelOperations: Operations = {
  'GET /v2/models': {
    ...{ id: 'listModels', tag: 'Models', summary: 'Models with their aliases' },
    ...{ query: modelPageQuerySchema, answer: { content: 'ModelList' } },
  },
  ...ofModel('GET', '', {
    ...{ id: 'getModel', tag: 'Models', summary: 'Inputs, outputs, versions and what is served' },
    answer: { content: 'ModelMetadata' },
  }),
  ...ofModel('GET', '/ready', {
    ...{ id: 'getReady', tag: 'Models', summary: 'Load it if need be; is it ready?' },
    answer: { content: 'ModelReady' },
  }),
  ...ofModel('GET', '/config', {
    ...{ id: 'getConfig', tag: 'Models', summary: 'Model configuration as Triton has it' },
    answer: { content: 'ModelConfig' },
  }),
  ...ofModel('GET', '/artifact', {
    ...{ id: 'getArtifact', tag: 'Models', summary: 'The bytes of the model', headers: blob.headers },
    query: artifactQuerySchema,
    answer: { ...blob.answer, headers: [...served, 'popserve-format', 'ETag'] },
  }),
  ...ofModel('GET', '/stats', {
    ...{ id: 'getStatistics', tag: 'Models', summary: 'Statistics', query: statisticsQuerySchema },
    answer: { content: 'Statistics' },
  }),
  'GET /v2/models/stats': {
    ...{ id: 'getAllStatistics', tag: 'Models', summary: 'Statistics of all', query: statisticsQuerySchema },
    answer: { content: 'Statistics' },
  },
  'POST /v2/repository/index': {
    ...{ id: 'indexRepository', tag: 'Models', summary: 'Every version with its state here' },
    body: { content: 'RepositoryIndexRequest', optional: true, example: { ready: true } },
    answer: { content: 'RepositoryIndex' },
  },
  'POST /v2/repository/models/:model/load': {
    ...{ id: 'loadModel', tag: 'Models', summary: 'Load and warm a version here' },
    body: { content: 'RepositoryRequest', optional: true, example: {} },
    answer: { content: 'none' },
  },
  'POST /v2/repository/models/:model/unload': {
    ...{ id: 'unloadModel', tag: 'Models', summary: 'Free the memory of a version here' },
    body: { content: 'RepositoryRequest', optional: true, example: {} },
    answer: { content: 'none' },
  },
  'GET /metrics': {
    ...{ id: 'getMetrics', tag: 'Models', summary: 'Metrics for Prometheus, over all PoPs' },
    ...{ query: metricsQuerySchema, answer: { content: 'metrics' } },
  },
  'GET /v2': {
    ...{ id: 'getServer', tag: 'Health', summary: 'Name, version and extensions of the server' },
    answer: { content: 'ServerMetadata' },
  },
  'GET /v2/health/live': {
    ...{ id: 'isLive', tag: 'Health', summary: 'Does it live?', answer: { content: 'ServerLive' } },
  },
  'GET /v2/health/ready': {
    ...{ id: 'isReady', tag: 'Health', summary: 'Do runtime and registry work?', answer: { content: 'ServerReady' } },
  },
  'GET /openapi.json': {
    ...{ id: 'describe', tag: 'Description', summary: 'This description', answer: { content: 'Description' } },
  },
  'GET /docs': {
    ...{ id: 'showPage', tag: 'Description', summary: 'A page to read and try it', answer: { content: 'page' } },
  },
};
