// What every mounted route takes, written down: for the tests of keys and of tokens.

/** The scopes that a call takes; `open`: it takes callers without a key. */
export type Right = 'open' | 'infer' | 'infer or read' | 'read' | 'release' | 'admin';

export const rights: Readonly<Record<string, Right>> = {
  'GET /v2': 'open',
  'GET /v2/health/live': 'open',
  'GET /v2/health/ready': 'open',
  'GET /openapi.json': 'open',
  'GET /docs': 'open',
  'POST /v2/models/{model}/infer': 'infer',
  'POST /v2/models/{model}/versions/{version}/infer': 'infer',
  'POST /v2/models/{model}/feedback': 'infer',
  'GET /v2/models/{model}/infer': 'infer',
  'GET /v2/models/{model}/versions/{version}/infer': 'infer',
  'POST /v1/embeddings': 'infer',
  'POST /v1/models/{model}:predict': 'infer',
  'POST /v1/models/{model}/versions/{version}:predict': 'infer',
  'POST /v1/models/{model}/labels/{label}:predict': 'infer',
  'GET /v1/models': 'infer or read',
  'GET /v1/models/{model}': 'infer or read',
  'GET /v1/models/{model}/versions/{version}': 'infer or read',
  'GET /v1/models/{model}/labels/{version}': 'infer or read',
  'GET /v1/models/{model}/metadata': 'infer or read',
  'GET /v1/models/{model}/versions/{version}/metadata': 'infer or read',
  'GET /v1/models/{model}/labels/{version}/metadata': 'infer or read',
  'GET /v2/models': 'infer or read',
  'GET /v2/models/stats': 'infer or read',
  'GET /v2/models/{model}': 'infer or read',
  'GET /v2/models/{model}/versions/{version}': 'infer or read',
  'GET /v2/models/{model}/ready': 'infer or read',
  'GET /v2/models/{model}/versions/{version}/ready': 'infer or read',
  'GET /v2/models/{model}/config': 'infer or read',
  'GET /v2/models/{model}/versions/{version}/config': 'infer or read',
  'GET /v2/models/{model}/artifact': 'infer or read',
  'GET /v2/models/{model}/versions/{version}/artifact': 'infer or read',
  'GET /v2/models/{model}/stats': 'infer or read',
  'GET /v2/models/{model}/versions/{version}/stats': 'infer or read',
  'POST /v2/repository/index': 'infer or read',
  'POST /v2/repository/models/{model}/load': 'release',
  'POST /v2/repository/models/{model}/unload': 'release',
  'GET /registry/blobs/{digest}': 'read',
  'HEAD /registry/blobs/{digest}': 'read',
  'PUT /registry/blobs/{digest}': 'release',
  'GET /registry/models': 'read',
  'GET /registry/models/{model}': 'read',
  'PUT /registry/models/{model}/versions/{version}': 'release',
  'GET /registry/models/{model}/versions/{version}': 'read',
  'DELETE /registry/models/{model}/versions/{version}': 'release',
  'POST /registry/models/{model}/versions/{version}/retry': 'admin',
  'POST /registry/models/{model}/routes': 'release',
  'GET /registry/models/{model}/routes': 'read',
  'GET /registry/models/{model}/status': 'read',
  'GET /registry/models/{model}/shadow': 'read',
  'GET /registry/models/{model}/drift': 'read',
  'GET /registry/models/{model}/drift/history': 'read',
  'POST /registry/models/{model}/drift': 'release',
  'GET /registry/models/{model}/sample': 'admin',
  'DELETE /registry/models/{model}/sample': 'admin',
  'GET /registry/audit': 'admin',
  'GET /registry/objects': 'admin',
  'GET /registry/objects/{key}': 'admin',
  'PUT /registry/objects/{key}': 'admin',
  'POST /registry/repair': 'admin',
  'POST /registry/gc': 'admin',
  'POST /registry/probe': 'admin',
  'POST /registry/keys': 'admin',
  'GET /registry/keys': 'admin',
  'DELETE /registry/keys/{id}': 'admin',
  'GET /metrics': 'read',
};

/** The keys that hold what a call takes. */
export const holders: Readonly<Record<Right, readonly string[]>> = {
  open: ['infer', 'read', 'release', 'admin'],
  infer: ['infer', 'admin'],
  'infer or read': ['infer', 'read', 'release', 'admin'],
  read: ['read', 'release', 'admin'],
  release: ['release', 'admin'],
  admin: ['admin'],
};

/** Calls that tell a caller of its own models alone, or of none. */
export const withoutModel = new Set([
  'GET /v2/models',
  'GET /v1/models',
  'GET /v2/models/stats',
  'POST /v2/repository/index',
  'POST /v1/embeddings',
]);
for (const call of ['GET /registry/models', 'PUT /registry/blobs/{digest}', 'HEAD /registry/blobs/{digest}']) {
  withoutModel.add(call);
}
