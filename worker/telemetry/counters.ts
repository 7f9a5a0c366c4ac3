// Counts what this isolate has served, per version: cheap synchronous increments on the request's path. Statistics read them, and
// reports drain them. Nothing here waits or stores.
// @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
import type { ErrorCode } from '../../registry/error-codes.ts';
import type { Manifest } from '../../registry/manifest.ts';

/** Milliseconds by the isolate's clock. In production it stands still while no I/O happens, so they are true only locally. */
export interface Durations {
  /** Time spent waiting for the model to be loaded. */
  queueMs: number;
  /** Time spent decoding and checking the request. */
  inputMs: number;
  inferMs: number;
  /** Time spent encoding the answer. */
  outputMs: number;
}

/** The successful runs whose batches had the same number of items. */
export interface BatchCounts extends Readonly<Durations> {
  readonly runs: number;
}

/** The number of batch sizes that are counted apart. Of a model that gets more, only the first ones are. */
const mostBatchSizes = 64;

/** Counts since the isolate started, in the terms of the statistics extension. */
export interface VersionCounts extends Readonly<Durations> {
  readonly model: string;
  readonly version: string;
  /** The items of successful batches. */
  readonly inferenceCount: number;
  /** The successful runs of the model. */
  readonly executionCount: number;
  readonly failCount: number;
  readonly failures: Readonly<Partial<Record<ErrorCode, number>>>;
  readonly loadFailureCount: number;
  /** Runs among the successful ones that the second engine has answered. */
  readonly litertRuns: number;
  /** Calls of the second engine that failed: onnxruntime answered in its place. */
  readonly litertFailures: number;
  /** Keyed by the size of the batch. */
  readonly batches: ReadonlyMap<number, BatchCounts>;
  /** Milliseconds since 1970; 0 if there was none. */
  readonly lastInferenceMs: number;
}

/** The counts of one version under one epoch since the last report. */
export interface CountsDelta {
  readonly version: string;
  readonly epoch: number;
  /** Requests that were answered or failed. */
  requests: number;
  inferences: number;
  failures: Partial<Record<ErrorCode, number>>;
  /**
   * The requests among them that the default route sent here, rather than ones that named the version. A guard looks at these.
   */
  routedRequests: number;
  routedFailures: number;
  loadFailures: number;
  litertRuns: number;
  litertFailures: number;
  lastInferenceMs: number;
}

/** Which version served a request, and whether the route chose it. */
export interface Served {
  readonly manifest: Manifest;
  readonly epoch: number;
  /** False if the request named the version. */
  readonly routed: boolean;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface WritableVersionCounts extends Omit<Writable<VersionCounts>, 'batches'> {
  readonly batches: Map<number, Writable<BatchCounts>>;
}

function add(sum: Writable<Durations>, { queueMs, inputMs, inferMs, outputMs }: Durations): void {
  sum.queueMs += queueMs;
  sum.inputMs += inputMs;
  sum.inferMs += inferMs;
  sum.outputMs += outputMs;
}

function batchOf(batches: Map<number, Writable<BatchCounts>>, size: number): Writable<BatchCounts> | undefined {
  let counts = batches.get(size);
  if (counts === undefined && batches.size < mostBatchSizes) {
    counts = { runs: 0, queueMs: 0, inputMs: 0, inferMs: 0, outputMs: 0 };
    batches.set(size, counts);
  }
  return counts;
}

/** The counts of a version that nothing happened to. */
export function noCounts(model: string, version: string): VersionCounts {
  return emptyCounts(model, version);
}

function emptyCounts(model: string, version: string): WritableVersionCounts {
  return {
    ...{ model, version, inferenceCount: 0, executionCount: 0, failCount: 0, failures: {}, loadFailureCount: 0 },
    ...{ litertRuns: 0, litertFailures: 0 },
    ...{ batches: new Map(), lastInferenceMs: 0, queueMs: 0, inputMs: 0, inferMs: 0, outputMs: 0 },
  };
}

export class Counters {
  readonly #versions = new Map<string, WritableVersionCounts>();
  /** Keyed by model, then by version and epoch. */
  readonly #deltas = new Map<string, Map<string, CountsDelta>>();

  /** @param batch the number of items in the request */
  succeed(served: Served, batch: number, durations: Durations): void {
    const { model, version } = served.manifest;
    const counts = this.#versionOf(model, version);
    const now = Date.now();
    counts.inferenceCount += batch;
    counts.executionCount += 1;
    counts.lastInferenceMs = now;
    add(counts, durations);
    const ofSize = batchOf(counts.batches, batch);
    if (ofSize) {
      ofSize.runs += 1;
      add(ofSize, durations);
    }
    const delta = this.#deltaOf(model, version, served.epoch);
    delta.requests += 1;
    delta.inferences += batch;
    delta.lastInferenceMs = now;
    if (served.routed) delta.routedRequests += 1;
  }

  fail(served: Served, code: ErrorCode): void {
    const { model, version } = served.manifest;
    const counts = this.#versionOf(model, version);
    counts.failCount += 1;
    counts.failures = { ...counts.failures, [code]: (counts.failures[code] ?? 0) + 1 };
    const delta = this.#deltaOf(model, version, served.epoch);
    delta.requests += 1;
    delta.failures[code] = (delta.failures[code] ?? 0) + 1;
    // A client that goes away says nothing about the version: a guard must not end its rollout for that.
    if (!served.routed || code === 'CLIENT_GONE') return;
    delta.routedRequests += 1;
    delta.routedFailures += 1;
  }

  /** Counts a load that failed, whatever asked for it. Requests that fail because of it are counted by {@link fail}. */
  failLoad({ model, version }: Manifest): void {
    this.#versionOf(model, version).loadFailureCount += 1;
    this.#deltaOf(model, version, 0).loadFailures += 1;
  }

  /** Counts a run that the second engine has answered. {@link succeed} counts the request. */
  answerFromLitert({ manifest, epoch }: Pick<Served, 'manifest' | 'epoch'>): void {
    const { model, version } = manifest;
    this.#versionOf(model, version).litertRuns += 1;
    this.#deltaOf(model, version, epoch).litertRuns += 1;
  }

  /** Counts a call of the second engine that failed, so that onnxruntime answered in its place. */
  failLitert({ model, version }: Manifest): void {
    this.#versionOf(model, version).litertFailures += 1;
    this.#deltaOf(model, version, 0).litertFailures += 1;
  }

  /** Everything that was counted since the isolate started: one entry for each version that anything happened to. */
  versions(): VersionCounts[] {
    return [...this.#versions.values()];
  }

  /** Moves out what was counted for a model since the last call; null if there is nothing. */
  takeDeltas(model: string): CountsDelta[] | null {
    const deltas = this.#deltas.get(model);
    if (deltas === undefined) return null;
    this.#deltas.delete(model);
    return [...deltas.values()];
  }

  #versionOf(model: string, version: string): WritableVersionCounts {
    const key = `${model}/${version}`;
    let counts = this.#versions.get(key);
    if (counts === undefined) {
      counts = emptyCounts(model, version);
      this.#versions.set(key, counts);
    }
    return counts;
  }

  #deltaOf(model: string, version: string, epoch: number): CountsDelta {
    let ofModel = this.#deltas.get(model);
    if (ofModel === undefined) {
      ofModel = new Map();
      this.#deltas.set(model, ofModel);
    }
    const key = `${version}@${epoch}`;
    let delta = ofModel.get(key);
    if (delta === undefined) {
      delta = {
        ...{ version, epoch, requests: 0, inferences: 0, failures: {} },
        ...{
          routedRequests: 0,
          routedFailures: 0,
          loadFailures: 0,
          litertRuns: 0,
          litertFailures: 0,
          lastInferenceMs: 0,
        },
      };
      ofModel.set(key, delta);
    }
    return delta;
  }
}
