// The control plane.
import {
  driftHistoryQuerySchema,
  objectPageQuerySchema,
  pageQuerySchema,
  partQuerySchema,
} from '../../../registry/api/queries.ts';
import type { Answer, Operation, Operations } from '../operation.ts';

/** How blobs are read. */
export const blob = {
  headers: ['If-None-Match', 'Range', 'If-Range'],
  answer: { content: 'bytes', statuses: [200, 206, 304] },
} as const;

function registry(
  call: `${string} ${string}`,
  id: string,
  summary: string,
  answer: Answer,
  more: Pick<Operation, 'query' | 'headers' | 'body'> = {},
): Operations {
  const [verb, path] = call.split(' ');
  return { [`${verb} /registry${path}`]: { id, tag: 'Registry', summary, answer, ...more } };
}

const created = { statuses: [200, 201] } as const;
const forward = pageQuerySchema.pick({ limit: true, after: true });
const backward = pageQuerySchema.pick({ limit: true, before: true });

const sampleHeaders = ['popserve-sample-rows', 'popserve-sample-seen', 'popserve-sample-skipped'] as const;

export const registryOperations: Operations = {
  ...registry(
    'GET /blobs/:digest',
    'getBlob',
    'Read a blob, or a range of it',
    { ...blob.answer, headers: ['ETag'] },
    {
      headers: blob.headers,
    },
  ),
  ...registry(
    'HEAD /blobs/:digest',
    'hasBlob',
    'Is a blob there?',
    { content: 'none', headers: ['ETag'], statuses: [200, 304] },
    { headers: ['If-None-Match'] },
  ),
  ...registry(
    'PUT /blobs/:digest',
    'putBlob',
    'Store a blob',
    { content: 'StoredBlob', ...created },
    {
      body: { content: 'bytes' },
    },
  ),
  ...registry('GET /models', 'listRegisteredModels', 'List models', { content: 'ModelPage' }, { query: forward }),
  ...registry('GET /models/:model', 'getRegisteredModel', 'Show a model', { content: 'ModelDetails' }),
  ...registry(
    'PUT /models/:model/versions/:version',
    'registerVersion',
    'Register a version',
    { content: 'RegisteredVersion', ...created },
    { body: { content: 'Manifest' } },
  ),
  ...registry('GET /models/:model/versions/:version', 'getManifest', 'Show a manifest', {
    content: 'Manifest',
    headers: ['ETag'],
  }),
  ...registry('DELETE /models/:model/versions/:version', 'retireVersion', 'Retire a version that is not routed', {
    content: 'RetiredVersion',
  }),
  ...registry(
    'POST /models/:model/versions/:version/retry',
    'retryVersion',
    'Let a version be tried again that has failed its trials',
    { content: 'RetriedVersion' },
  ),
  ...registry(
    'POST /models/:model/routes',
    'appendRoute',
    'Write a new route: activate, rollback, canary …',
    { content: 'RouteChange', headers: ['ETag'], ...created },
    {
      body: { content: 'RouteAction', example: { action: 'activate', version: '1' } },
      headers: ['If-Match', 'popserve-actor'],
    },
  ),
  ...registry(
    'GET /models/:model/routes',
    'listRoutes',
    'History, newest first',
    { content: 'RoutePage' },
    { query: backward },
  ),
  ...registry('GET /models/:model/status', 'getStatus', 'What all PoPs serve of a model, and what they counted', {
    content: 'ModelStatus',
  }),
  ...registry(
    'GET /models/:model/shadow',
    'getShadow',
    'How the answers of a shadow compare with those of the version that serves',
    { content: 'ModelShadow' },
  ),
  ...registry(
    'GET /models/:model/drift',
    'getDrift',
    'How far live values have moved from the baseline',
    { content: 'ModelDrift' },
    { query: partQuerySchema },
  ),
  ...registry(
    'GET /models/:model/drift/history',
    'getDriftHistory',
    'How the values of one place moved over its newest windows, and the histogram of a feature',
    { content: 'DriftHistory' },
    { query: driftHistoryQuerySchema },
  ),
  ...registry(
    'POST /models/:model/drift',
    'changeDriftBaseline',
    'Accept the values of a place as its usual ones, or judge it by the reference data again',
    { content: 'PlaceBaseline' },
    {
      body: {
        content: 'BaselineAction',
        example: { action: 'accept', version: '1', place: 'region:EU', reason: 'the summer is warmer here' },
      },
      headers: ['popserve-actor'],
    },
  ),
  ...registry(
    'GET /models/:model/sample',
    'getSample',
    'Sampled inputs with their answers, as JSON lines',
    { content: 'lines', headers: sampleHeaders },
    { query: partQuerySchema },
  ),
  ...registry('DELETE /models/:model/sample', 'deleteSample', 'Delete the sampled inputs', {
    content: 'DeletedSample',
  }),
  ...registry(
    'GET /audit',
    'listChanges',
    'Successful changes, and reads that are recorded, newest first',
    { content: 'AuditPage' },
    { query: forward },
  ),
  ...registry(
    'GET /objects',
    'listObjects',
    'All that the registry keeps, for a backup',
    { content: 'ObjectPage' },
    { query: objectPageQuerySchema },
  ),
  ...registry('GET /objects/:key{.+}', 'getObject', 'Read an object that is not a blob', { content: 'bytes' }),
  ...registry(
    'PUT /objects/:key{.+}',
    'restoreObject',
    'Put an object back that is missing',
    { content: 'RestoredObject', ...created },
    { body: { content: 'bytes' } },
  ),
  ...registry('POST /repair', 'repairRegistry', 'Write copies in KV that are missing, old or ahead of the log', {
    content: 'RepairReport',
  }),
  ...registry(
    'POST /gc',
    'collectGarbage',
    'Collect garbage',
    { content: 'GarbageReport' },
    {
      body: { content: 'GarbageRequest', optional: true, example: { dryRun: true } },
    },
  ),
  ...registry('POST /probe', 'probePlatform', 'Try what the platform of this PoP gives', { content: 'PlatformReport' }),
  ...registry(
    'POST /keys',
    'createKey',
    'Create an API key',
    { content: 'CreatedKey', statuses: [201] },
    {
      body: { content: 'KeyRequest', example: { name: 'press 7', scopes: ['infer'] } },
    },
  ),
  ...registry('GET /keys', 'listKeys', 'List API keys', { content: 'KeyList' }),
  ...registry(
    'DELETE /keys/:id',
    'revokeKey',
    'Revoke an API key',
    { content: 'RevokedKey' },
    {
      body: { content: 'KeyRevocation', optional: true, example: { reason: 'lost' } },
    },
  ),
};
