// The real stores on miniflare's R2 and KV. One Miniflare per test file; each test uses model names and blobs of its own.
import type { KVNamespace, R2Bucket } from '@cloudflare/workers-types';
import { Miniflare } from 'miniflare';
import { KVRouteCopyStore } from '../../registry/kv-route-copy-store.ts';
import { R2BlobStore } from '../../registry/r2-blob-store.ts';
import { R2ManifestStore } from '../../registry/r2-manifest-store.ts';
import { R2RouteLog } from '../../registry/r2-route-log.ts';
import { R2TrialStore } from '../../registry/r2-trial-store.ts';
import { Registry, type RegistryStores } from '../../registry/registry.ts';

export interface LocalStores extends AsyncDisposable {
  bucket: R2Bucket;
  namespace: KVNamespace;
  stores: RegistryStores;
  registry: Registry;
}

export async function startLocalStores(): Promise<LocalStores> {
  const miniflare = new Miniflare({
    modules: true,
    script: 'export default { fetch() { return new Response() } }',
    r2Buckets: ['MODELS'],
    kvNamespaces: ['ROUTES'],
    cf: false,
  });
  // The same interfaces, declared once more by miniflare.
  const bucket = (await miniflare.getR2Bucket('MODELS')) as unknown as R2Bucket;
  const namespace = (await miniflare.getKVNamespace('ROUTES')) as unknown as KVNamespace;
  const stores = {
    blobs: new R2BlobStore(bucket),
    manifests: new R2ManifestStore(bucket),
    routes: new R2RouteLog(bucket),
    copies: new KVRouteCopyStore(namespace),
    trials: new R2TrialStore(bucket),
  };
  return {
    bucket,
    namespace,
    stores,
    registry: new Registry({ ...stores, now: () => new Date() }),
    [Symbol.asyncDispose]: () => miniflare.dispose(),
  };
}
