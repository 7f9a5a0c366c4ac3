// The registry over this Worker's own bindings, for isolates and Durable Objects alike.
import { KVRouteCopyStore } from '../registry/kv-route-copy-store.ts';
import { ObjectArchive } from '../registry/object-archive.ts';
import { R2BlobStore } from '../registry/r2-blob-store.ts';
import { R2ManifestStore } from '../registry/r2-manifest-store.ts';
import { R2ModelIndexStore } from '../registry/r2-model-index-store.ts';
import { R2RouteLog } from '../registry/r2-route-log.ts';
import { R2TrialStore } from '../registry/r2-trial-store.ts';
import { Registry } from '../registry/registry.ts';
import type { RememberedObjects } from '../registry/remembered-objects.ts';
import type { Bindings } from './bindings.ts';

export function createRegistry(
  { bucket, routeCopies }: Pick<Bindings, 'bucket' | 'routeCopies'>,
  retentionSeconds = 0,
  remembered?: RememberedObjects,
): Registry {
  return new Registry({
    blobs: new R2BlobStore(bucket),
    manifests: new R2ManifestStore(bucket),
    routes: new R2RouteLog(bucket, remembered),
    copies: new KVRouteCopyStore(routeCopies),
    trials: new R2TrialStore(bucket),
    index: new R2ModelIndexStore(bucket),
    now: () => new Date(),
    retentionSeconds,
  });
}

/** All that the registry keeps, for backups. */
export function createArchive({ bucket }: Pick<Bindings, 'bucket'>): ObjectArchive {
  return new ObjectArchive(bucket);
}
