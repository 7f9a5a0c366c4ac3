// The real stores on miniflare's R2 and KV, of which a key takes one write a second as on the network, and time passes only in
// pauses. One Miniflare per test file; each test uses model names and blobs of its own.
import type { KVNamespace, R2Bucket } from '@cloudflare/workers-types';
import { Miniflare } from 'miniflare';
import { KVRouteCopyStore } from '../../registry/kv-route-copy-store.ts';
import { R2BlobStore } from '../../registry/r2-blob-store.ts';
import { R2ManifestStore } from '../../registry/r2-manifest-store.ts';
import { R2ModelIndexStore } from '../../registry/r2-model-index-store.ts';
import { R2RouteLog } from '../../registry/r2-route-log.ts';
import { R2TrialStore } from '../../registry/r2-trial-store.ts';
import { Registry } from '../../registry/registry.ts';
import { bucketByCall, bucketWorker } from './bucket-by-call.ts';
import { StandingClock, strictBucket, strictNamespace, type TimedStores, WriteRate } from './write-rate-double.ts';

export interface LocalStores extends AsyncDisposable {
  /** The storage itself, for what others have done to it. */
  bucket: R2Bucket;
  /** The same storage behind its limit. */
  strictBucket: R2Bucket;
  namespace: KVNamespace;
  stores: TimedStores;
  registry: Registry;
}

export async function startLocalStores(): Promise<LocalStores> {
  const miniflare = new Miniflare({
    modules: true,
    script: bucketWorker,
    r2Buckets: ['MODELS'],
    kvNamespaces: ['ROUTES'],
    cf: false,
  });
  const bucket = bucketByCall(miniflare);
  // The same interface, declared once more by miniflare.
  const namespace = (await miniflare.getKVNamespace('ROUTES')) as unknown as KVNamespace;
  const clock = new StandingClock();
  const strict = strictBucket(bucket, new WriteRate(clock));
  const stores = {
    blobs: new R2BlobStore(strict),
    manifests: new R2ManifestStore(strict),
    routes: new R2RouteLog(strict),
    copies: new KVRouteCopyStore(strictNamespace(namespace, new WriteRate(clock))),
    trials: new R2TrialStore(strict),
    pause: clock.pause,
    index: new R2ModelIndexStore(strict),
  };
  return {
    bucket,
    strictBucket: strict,
    namespace,
    stores,
    registry: new Registry({ ...stores, now: () => new Date() }),
    [Symbol.asyncDispose]: () => miniflare.dispose(),
  };
}
