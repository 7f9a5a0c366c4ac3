// What one isolate owns, in one object made by index.ts at the first request. Handlers reach everything through it.
import { KVRouteCopyStore } from '../registry/kv-route-copy-store.ts';
import type { Digest } from '../registry/names.ts';
import { R2BlobStore } from '../registry/r2-blob-store.ts';
import { R2ManifestStore } from '../registry/r2-manifest-store.ts';
import { R2RouteLog } from '../registry/r2-route-log.ts';
import { Registry } from '../registry/registry.ts';
import { type Config, parseConfig } from './config.ts';
import { RouteTable } from './routing/route-table.ts';
import { ModelCache } from './runtime/model-cache.ts';
import { log } from './telemetry/log.ts';

export interface Isolate {
  readonly config: Config;
  /** The PoP as the first request tells it: an isolate never moves. See pop.ts. */
  pop: string | null;
  readonly registry: Registry;
  readonly models: ModelCache;
  readonly routes: RouteTable;
}

/** The Hono environment of every handler. */
export interface AppContext {
  Bindings: Env;
  /** The request id is made when a line is logged: see request-id.ts. */
  Variables: { isolate: Isolate; requestId?: string };
}

/** @throws PopserveError INTERNAL for wrong settings */
export function createIsolate(env: Env): Isolate {
  const config = parseConfig(env);
  const registry = new Registry({
    blobs: new R2BlobStore(env.MODELS),
    manifests: new R2ManifestStore(env.MODELS),
    routes: new R2RouteLog(env.MODELS),
    copies: new KVRouteCopyStore(env.ROUTES),
    now: () => new Date(),
  });
  const models = new ModelCache({
    budgetBytes: config.memoryBudgetBytes,
    readBlob: async (digest) => (await registry.getBlob(digest as Digest)).body,
    log,
  });
  const routes = new RouteTable({
    registry,
    warmer: {
      fitsBeside: (manifest, others) => models.fitsBeside(manifest, others),
      warm: (manifest, scope) => models.use(manifest, scope, () => undefined),
    },
    refreshSeconds: config.routeRefreshSeconds,
    log,
  });
  return { config, pop: config.popName, registry, models, routes };
}
