// The registry over this Worker's own bindings, for isolates and Durable Objects alike.
import { KVRouteCopyStore } from '../registry/kv-route-copy-store.ts';
import { R2BlobStore } from '../registry/r2-blob-store.ts';
import { R2ManifestStore } from '../registry/r2-manifest-store.ts';
import { R2RouteLog } from '../registry/r2-route-log.ts';
import { Registry } from '../registry/registry.ts';

export function createRegistry(env: Pick<Env, 'MODELS' | 'ROUTES'>, retentionSeconds = 0): Registry {
  return new Registry({
    blobs: new R2BlobStore(env.MODELS),
    manifests: new R2ManifestStore(env.MODELS),
    routes: new R2RouteLog(env.MODELS),
    copies: new KVRouteCopyStore(env.ROUTES),
    now: () => new Date(),
    retentionSeconds,
  });
}
