// The statistics extension, for this isolate or for all PoPs together: every answer says which.
// @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
import type {
  BatchStatistics,
  ColdStart,
  Statistic,
  Statistics,
  VersionStatistics,
} from '../../registry/api/statistics.ts';
import type { Spend } from '../../registry/model-catalog.ts';
import type { Isolate } from '../isolate.ts';
import type { LoadTimes } from '../runtime/load-times.ts';
import { type BatchCounts, noCounts, type VersionCounts } from '../telemetry/counters.ts';
import { type MergedCounts, mostObjectsAsked } from '../telemetry/telemetry-client.ts';

const isolateNote =
  'counted by the isolate that answered, since it started; ns by its clock, which the production platform stops while no I/O happens';
const mergedNote =
  'reported by all PoPs, seconds behind; executions are successful requests, durations and cache hits are not merged; popserve_latency is what callers measured';

/**
 * Reads the counts of this isolate, or those that all PoPs reported.
 * @param asked.models null for all models
 * @param asked.version null for all versions
 * @param spend told how many operations of storage that has cost
 */
export async function statisticsOf(
  isolate: Isolate,
  asked: { models: ReadonlySet<string> | null; version: string | null; scope: Statistics['popserve_scope'] },
  spend: Spend = () => undefined,
): Promise<Statistics> {
  const { models, version, scope } = asked;
  if (scope === 'isolate') return isolateStatistics(isolate, models, version);
  const names = await isolate.registry.modelNames(models, spend);
  return await mergedStatistics(isolate, names, version, spend);
}

function isolateStatistics(isolate: Isolate, models: ReadonlySet<string> | null, version: string | null): Statistics {
  const all = new Map(isolate.counters.versions().map((counts) => [`${counts.model}/${counts.version}`, counts]));
  // As in Triton, a version that is loaded and that nobody has asked has an entry of zeros, and so has one that is asked for by name.
  const ready = [...isolate.models.states()].filter(([, { state }]) => state === 'READY').map(([key]) => key);
  const named = version === null ? [] : [...(models ?? [])].map((model) => `${model}/${version}`);
  for (const key of [...ready, ...named]) {
    const [model = '', unused = ''] = key.split('/');
    if (!all.has(key)) all.set(key, noCounts(model, unused));
  }
  const counted = [...all.values()].filter(
    (counts) => (models === null || models.has(counts.model)) && (version === null || counts.version === version),
  );
  return {
    model_stats: counted.map((counts) => ofIsolate(isolate, counts)),
    popserve_scope: 'isolate',
    popserve_heap: ofHeap(isolate.heap),
    popserve_memory: ofLedger(isolate),
    popserve_note: isolateNote,
  };
}

async function mergedStatistics(
  { telemetry }: Isolate,
  models: readonly string[],
  version: string | null,
  spend: Spend,
): Promise<Statistics> {
  const told = models.slice(0, mostObjectsAsked);
  const totals = [...(await telemetry.totals(told, spend))].map(([model, versions]) =>
    (version === null ? versions : [versions.find((total) => total.version === version) ?? noTotals(version)]).map(
      (total) => ofTotals(model, total),
    ),
  );
  const left = models.length - told.length;
  const note = left === 0 ? mergedNote : `${mergedNote}; ${left} models after '${told.at(-1)}' are left out`;
  return { model_stats: totals.flat(), popserve_scope: 'all', popserve_note: note };
}

function ofIsolate(isolate: Isolate, counts: VersionCounts): VersionStatistics {
  const { model, version, executionCount: runs, queueMs, inputMs, inferMs, outputMs } = counts;
  const { hits, misses } = isolate.answers.counts(model, version);
  const loaded = isolate.models.loaded(model, version);
  return {
    name: model,
    version,
    last_inference: counts.lastInferenceMs,
    inference_count: counts.inferenceCount,
    execution_count: runs,
    inference_stats: {
      success: statistic(runs, queueMs + inputMs + inferMs + outputMs),
      fail: statistic(counts.failCount, 0),
      queue: statistic(runs, queueMs),
      compute_input: statistic(runs, inputMs),
      compute_infer: statistic(runs, inferMs),
      compute_output: statistic(runs, outputMs),
      cache_hit: statistic(hits, 0),
      cache_miss: statistic(misses, 0),
    },
    response_stats: {},
    batch_stats: [...counts.batches].map(([size, batch]) => ofBatch(size, batch)),
    memory_usage: loaded === null ? [] : [{ type: 'CPU', id: 0, byte_size: loaded.needBytes }],
    ...ofLitert(counts.litertRuns, counts.litertFailures),
    ...(loaded === null
      ? {}
      : {
          popserve_profile: loaded.profile,
          popserve_cold_start: ofLoad(loaded.times, isolate.routes.firstLookMs(model)),
        }),
  };
}

function ofLitert(runs: number, failures: number): Pick<VersionStatistics, 'popserve_litert'> {
  return runs === 0 && failures === 0 ? {} : { popserve_litert: { runs, failures } };
}

function ofBatch(size: number, { runs, inputMs, inferMs, outputMs }: BatchCounts): BatchStatistics {
  return {
    batch_size: size,
    compute_input: statistic(runs, inputMs),
    compute_infer: statistic(runs, inferMs),
    compute_output: statistic(runs, outputMs),
  };
}

function ofHeap(heap: Isolate['heap']): NonNullable<Statistics['popserve_heap']> {
  return {
    byte_size: heap.live?.byteLength ?? 0,
    budget: heap.budgetBytes,
    discarded: heap.discardedBytes,
    replacements: heap.replacements,
  };
}

function ofLedger({ ledger, heap }: Isolate): NonNullable<Statistics['popserve_memory']> {
  const { totalBytes, baseBytes, keptBytes, roomBytes, held } = ledger.state();
  const heapBytes = heap.byteLength + heap.discardedBytes;
  return { limit: totalBytes, base: baseBytes, kept: keptBytes, heap: heapBytes, ...held, room: roomBytes };
}

function ofLoad({ runtimeMs, fetchMs, createMs, warmupMs, from }: LoadTimes, routeMs: number): ColdStart {
  return {
    route_ms: routeMs,
    runtime_ms: runtimeMs,
    fetch_ms: fetchMs,
    create_ms: createMs,
    warmup_ms: warmupMs,
    from,
    local_only: ['runtime_ms', 'create_ms', 'warmup_ms'],
  };
}

const notMerged: Statistic = { count: 0, ns: 0 };

/** Nobody has reported anything of the version. */
function noTotals(version: string): MergedCounts {
  return {
    ...{ version, requests: 0, inferences: 0, failures: 0, failuresByCode: {} },
    ...{ loadFailures: 0, litertRuns: 0, litertFailures: 0, lastInferenceMs: 0, latency: [] },
  };
}

function ofTotals(model: string, totals: MergedCounts): VersionStatistics {
  const successes = totals.requests - totals.failures;
  return {
    name: model,
    version: totals.version,
    last_inference: totals.lastInferenceMs,
    inference_count: totals.inferences,
    execution_count: successes,
    inference_stats: {
      success: statistic(successes, 0),
      fail: statistic(totals.failures, 0),
      queue: notMerged,
      compute_input: notMerged,
      compute_infer: notMerged,
      compute_output: notMerged,
      cache_hit: notMerged,
      cache_miss: notMerged,
    },
    response_stats: {},
    batch_stats: [],
    memory_usage: [],
    ...ofLitert(totals.litertRuns ?? 0, totals.litertFailures ?? 0),
    popserve_latency: totals.latency.map(({ side, calls, p50Ms, p95Ms, p99Ms }) => ({
      ...{ source: 'callers', side, calls, p50_ms: p50Ms, p95_ms: p95Ms, p99_ms: p99Ms },
    })),
  };
}

function statistic(count: number, ms: number): Statistic {
  return { count, ns: Math.round(ms * 1e6) };
}
