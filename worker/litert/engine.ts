// Everything that one isolate of the engine Worker owns: LiteRT's heap, the versions in it, and the account of its memory.
import { isolateMemory } from '../../registry/default-limits.ts';
import { PopserveError } from '../../registry/errors.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { Digest } from '../../registry/names.ts';
import { R2BlobStore } from '../../registry/r2-blob-store.ts';
import { R2ManifestStore } from '../../registry/r2-manifest-store.ts';
import { CachedBlobs } from '../cache/cached-blobs.ts';
import { log } from '../logging/log.ts';
import { IsolateHeap } from '../runtime/isolate-heap.ts';
import { Ledger } from '../runtime/ledger.ts';
import { LiteRtHeap } from '../runtime/litert/heap.ts';
import { liteRtFirstBytes } from '../runtime/litert/litert-module.ts';
import { ModelCache } from '../runtime/model-cache.ts';
import { ModelLoader } from '../runtime/model-loader.ts';
import { type EngineConfig, parseEngineConfig } from './config.ts';
import { createLiteRtSession } from './create-session.ts';
import { Manifests } from './manifests.ts';

export interface Engine {
  readonly config: EngineConfig;
  readonly manifests: Manifests;
  readonly heap: IsolateHeap<LiteRtHeap>;
  readonly models: ModelCache;
  readonly ledger: Ledger;
}

/**
 * A version whose load kills the isolate costs nobody else anything: the serving Worker answers with onnxruntime and pauses. So there
 * are no trials here, and a crash of LiteRT does not condemn the version.
 */
const noTrials = { begin: async () => null };

/**
 * @param env the Worker's variables
 * @throws PopserveError INTERNAL for wrong settings
 */
export function createEngine(bucket: R2Bucket, env: object): Engine {
  const config = parseEngineConfig(env);
  const blobStore = new R2BlobStore(bucket);
  const ledger: Ledger = new Ledger({
    totalBytes: isolateMemory.totalMib * mebibyte,
    baseBytes: isolateMemory.baseMib * mebibyte,
    controlBytes: 0,
    heapBytes: () => heap.discardedBytes + Math.max(heap.byteLength, liteRtFirstBytes, models.promisedBytes),
    keptBytes: () => manifests.heldBytes,
  });
  const heap = new IsolateHeap<LiteRtHeap>({
    create: LiteRtHeap.create,
    budgetBytes: config.memoryBudgetBytes,
    roomBytes: (wantedBytes) => ledger.heapRoom(wantedBytes),
  });
  const blobs = new CachedBlobs({
    readRegistry: async (digest) => {
      const blob = await blobStore.get(digest as Digest);
      if (blob === null) throw new PopserveError('NOT_FOUND', `blob ${digest} is not in the registry`);
      return blob.body;
    },
    cache: caches.default,
    // A request that came by a binding has no host of its own, under which the PoP would keep anything.
    origin: () => null,
  });
  const models = new ModelCache({
    heap,
    trials: noTrials,
    loader: new ModelLoader(heap, blobs, createLiteRtSession),
    blobs,
    log,
  });
  const manifests = new Manifests(new R2ManifestStore(bucket));
  return { config, manifests, heap, models, ledger };
}
