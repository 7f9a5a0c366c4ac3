// Everything that one isolate owns, in one object made by index.ts at the first request. Handlers reach everything through it.
import { isolateMemory } from '../registry/default-limits.ts';
import { mebibyte } from '../registry/mebibytes.ts';
import { listAgeMs } from '../registry/model-catalog.ts';
import type { Digest } from '../registry/names.ts';
import type { ObjectArchive } from '../registry/object-archive.ts';
import { RecentReads } from '../registry/recent-reads.ts';
import type { Registry } from '../registry/registry.ts';
import { RememberedObjects } from '../registry/remembered-objects.ts';
import { type Bindings, readEnv, unknownVariables } from './bindings.ts';
import { createArchive, createRegistry } from './bound-registry.ts';
import { createSecurity, type Security } from './bound-security.ts';
import { AnswerCache } from './cache/answer-cache.ts';
import { CachedBlobs } from './cache/cached-blobs.ts';
import { KeptHeaders } from './cache/kept-headers.ts';
import type { Config } from './config.ts';
import { log } from './logging/log.ts';
import { keepSecret } from './logging/redact.ts';
import { KnownHeads } from './protocol/known-heads.ts';
import { RouteTable } from './routing/route-table.ts';
import { VersionStamp } from './routing/version-headers.ts';
import type { EarlyHeap } from './runtime/early-heap.ts';
import { fitsBeside, warmVersion } from './runtime/engines.ts';
import { Heap } from './runtime/heap.ts';
import { IsolateHeap } from './runtime/isolate-heap.ts';
import { Ledger } from './runtime/ledger.ts';
import { ModelCache } from './runtime/model-cache.ts';
import { ModelLoader } from './runtime/model-loader.ts';
import { createOrtSession } from './runtime/ort-session.ts';
import { Pictures } from './runtime/pictures.ts';
import { SecondEngine } from './runtime/second-engine.ts';
import { Texts } from './runtime/texts.ts';
import { Trials } from './runtime/trials.ts';
import { verifyBlob } from './runtime/verify-blob.ts';
import { Counters } from './telemetry/counters.ts';
import { DriftCounter } from './telemetry/drift/drift-counter.ts';
import { AnswerIds } from './telemetry/feedback/answer-ids.ts';
import { FeedbackCounter } from './telemetry/feedback/feedback-counter.ts';
import { LatencyCounter } from './telemetry/latency/latency-counter.ts';
import { reportSources } from './telemetry/parts.ts';
import { Reporter } from './telemetry/reporter.ts';
import { InputSampler } from './telemetry/sample/input-sampler.ts';
import { ShadowTally } from './telemetry/shadow-tally.ts';
import { TelemetryClient } from './telemetry/telemetry-client.ts';
import { Tracer } from './telemetry/trace/tracer.ts';

export interface Isolate {
  readonly config: Config;
  /** The name of the PoP; null until a request tells it, if the settings do not: see http/pop.ts. */
  pop: string | null;
  /** The origin of the first request: a name of the Worker's own, for the cache. Null before it. */
  origin: string | null;
  readonly registry: Registry;
  /** All that the registry keeps, for backups. */
  readonly archive: ObjectArchive;
  /** The memory that all loaded models share. */
  readonly heap: IsolateHeap<Heap>;
  readonly models: ModelCache;
  /** Null where its Worker is not bound: onnxruntime runs everything. */
  readonly litert: SecondEngine | null;
  readonly routes: RouteTable;
  readonly counters: Counters;
  readonly drift: DriftCounter;
  readonly latency: LatencyCounter;
  readonly feedback: FeedbackCounter;
  /** Null where no secret is configured to sign them with. */
  readonly answerIds: AnswerIds | null;
  readonly sampler: InputSampler;
  /** The heads of requests that are repeated. */
  readonly heads: KnownHeads;
  /** Headers of answers that differ in nothing but their bodies. */
  readonly stamp: VersionStamp;
  readonly keptHeaders: KeptHeaders;
  /** Makes tensors of pictures, for versions with a pipeline. */
  readonly pictures: Pictures;
  /** Makes numbers of texts, likewise. */
  readonly texts: Texts;
  /** Answers to questions in URLs, kept by the PoP. */
  readonly answers: AnswerCache;
  /** Merged reports of all PoPs. */
  readonly telemetry: TelemetryClient;
  /** The page of metrics, told again for a few seconds. */
  readonly metrics: RecentReads<string>;
  readonly reporter: Reporter;
  readonly tracer: Tracer;
  readonly security: Security;
  /** The bindings themselves, for tries of what the platform gives. */
  readonly storage: Pick<Bindings, 'bucket' | 'routeCopies'>;
  /** The account of the isolate's memory. */
  readonly ledger: Ledger;
  readonly shadows: { readonly tally: ShadowTally; running: number };
}

/**
 * @param early a heap that is being started already
 * @throws PopserveError INTERNAL for wrong settings
 */
export function createIsolate(env: Env, early: EarlyHeap | null = null): Isolate {
  const { config, bindings } = readEnv(env);
  keepSecret(config.adminToken, config.webhook?.secret, config.feedback?.secret);
  for (const value of config.traces?.secrets ?? []) keepSecret(value);
  for (const { name, meant } of unknownVariables(env)) {
    log('unknown-setting', { setting: name, ...(meant === null ? {} : { meant }) });
  }
  const remembered = new RememberedObjects(bindings.bucket);
  const registry = createRegistry(bindings, config.routeRetentionSeconds, remembered);
  const counters = new Counters();
  const answers = new AnswerCache();
  const drift = new DriftCounter(config.popRegion, log);
  const latency = new LatencyCounter();
  const feedback = new FeedbackCounter(config.telemetryFlushSeconds);
  const sampler = new InputSampler(config.sample);
  const pictures = new Pictures(config.maxPixels);
  const heads = new KnownHeads();
  const ledger: Ledger = new Ledger({
    totalBytes: isolateMemory.totalMib * mebibyte,
    baseBytes: isolateMemory.baseMib * mebibyte,
    controlBytes: isolateMemory.controlMib * mebibyte,
    // Room that a version was promised is not lent to requests either.
    heapBytes: () => heap.discardedBytes + Math.max(heap.byteLength, models.promisedBytes),
    keptBytes: () => sampler.heldBytes + pictures.heldBytes + remembered.heldBytes + texts.heldBytes + heads.heldBytes,
    giveUp: (bytes) => texts.giveUp(bytes),
  });
  const heap = new IsolateHeap<Heap>({
    create: Heap.create,
    budgetBytes: config.memoryBudgetBytes,
    roomBytes: (wantedBytes) => ledger.heapRoom(wantedBytes),
    early,
  });
  const blobs = new CachedBlobs({
    readRegistry: async (digest) => (await registry.getBlob(digest as Digest)).body,
    cache: caches.default,
    origin: () => isolate.origin,
  });
  const texts: Texts = new Texts({
    blobs,
    maxTextBytes: config.maxTextBytes,
    roomBytes: () => ledger.room(),
    log,
  });
  const trials = new Trials({
    records: registry,
    lostMs: config.trialSeconds * 1000,
    pop: () => isolate.pop ?? 'unknown',
    log,
  });
  const models = new ModelCache({
    heap,
    trials,
    loader: new ModelLoader(heap, blobs, createOrtSession),
    blobs,
    log,
    onLoadFailure: (manifest) => counters.failLoad(manifest),
  });
  const service = bindings.litert;
  const litert =
    service === undefined
      ? null
      : new SecondEngine({ service, log, onFailure: (manifest) => counters.failLitert(manifest) });
  const routes = new RouteTable({
    registry,
    warmer: {
      trust: ({ route, proven = [] }) => trials.trust(route.model, proven),
      verify: async (manifest) => {
        models.checkRetry(manifest);
        await trials.check(manifest);
        const { model, tokenizer = model } = manifest.artifacts;
        for (const artifact of new Set([model, tokenizer])) {
          await verifyBlob((await registry.getBlob(artifact.digest as Digest)).body, artifact);
        }
      },
      fitsBeside: (manifest, others) => fitsBeside({ models, litert }, manifest, others),
      warm: (manifest, scope) => warmVersion({ models, litert, texts }, manifest, scope),
    },
    refreshSeconds: config.routeRefreshSeconds,
    log,
  });
  const telemetry = new TelemetryClient(bindings.telemetry, config.telemetryLocation);
  const shadows = { tally: new ShadowTally(), running: 0 };
  const reporter = new Reporter({
    sources: reportSources({ counters, drift, feedback, latency, sampler, shadows: shadows.tally }),
    send: (model, report) => telemetry.report(model, report),
    flushSeconds: config.telemetryFlushSeconds,
    log,
  });
  const isolate: Isolate = {
    config,
    pop: config.popName,
    origin: null,
    registry,
    archive: createArchive(bindings),
    heap,
    models,
    litert,
    routes,
    counters,
    drift,
    latency,
    feedback,
    answerIds: config.feedback === null ? null : new AnswerIds(config.feedback),
    sampler,
    heads,
    stamp: new VersionStamp(),
    keptHeaders: new KeptHeaders(),
    pictures,
    texts,
    answers,
    telemetry,
    metrics: new RecentReads({ keepMs: listAgeMs, most: 2, fromEnd: true }),
    reporter,
    tracer: new Tracer(config.traces, log),
    shadows,
    security: createSecurity(bindings, config, remembered),
    storage: bindings,
    ledger,
  };
  return isolate;
}
