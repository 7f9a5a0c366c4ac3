// What this isolate has served, per version: cheap synchronous increments on the request's path, read for statistics
// (PROTOCOL.md 2.8) and drained for the reports that PoPs send. Nothing here waits or stores.
import type { ErrorCode } from '../../registry/error-codes.ts';
import type { Manifest } from '../../registry/manifest.ts';

/** Milliseconds by the isolate's clock, which in production stands still while no I/O happens: true locally only. */
export interface Durations {
  /** Waiting for the model to be loaded. */
  queueMs: number;
  /** Decoding and checking the request. */
  inputMs: number;
  inferMs: number;
  /** Encoding the answer. */
  outputMs: number;
}

/** Successful runs with one number of items in the batch. */
export interface BatchCounts extends Readonly<Durations> {
  readonly runs: number;
}

/** Sizes of batches that are told apart; a model that is asked for more of them tells of the first ones. */
const mostBatchSizes = 64;

/** Since the isolate started; in OIP's notions. */
export interface VersionCounts extends Readonly<Durations> {
  readonly model: string;
  readonly version: string;
  /** Items of successful batches. */
  readonly inferenceCount: number;
  /** Successful runs of the model. */
  readonly executionCount: number;
  readonly failCount: number;
  readonly failures: Readonly<Partial<Record<ErrorCode, number>>>;
  readonly loadFailureCount: number;
  /** By size. */
  readonly batches: ReadonlyMap<number, BatchCounts>;
  /** Milliseconds since 1970; 0: none. */
  readonly lastInferenceMs: number;
}

/** What was counted of one version under one epoch since the last report. */
export interface CountsDelta {
  readonly version: string;
  readonly epoch: number;
  /** Answered or failed. */
  requests: number;
  inferences: number;
  failures: Partial<Record<ErrorCode, number>>;
  /** Those of the above that the route sent here, rather than asking for the version by its name: what a guard looks at. */
  routedRequests: number;
  routedFailures: number;
  loadFailures: number;
  lastInferenceMs: number;
}

/** Where a request was sent, and by what. */
export interface Served {
  readonly manifest: Manifest;
  readonly epoch: number;
  /** By the default route; false: its version was asked for. */
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

export class Counters {
  readonly #versions = new Map<string, WritableVersionCounts>();
  /** By model, then by version and epoch. */
  readonly #deltas = new Map<string, Map<string, CountsDelta>>();

  /** @param batch items in the request */
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
    if (!served.routed) return;
    delta.routedRequests += 1;
    delta.routedFailures += 1;
  }

  /** A load that failed, whoever wanted it; requests that fail by it are counted apart. */
  failLoad({ model, version }: Manifest): void {
    this.#versionOf(model, version).loadFailureCount += 1;
    this.#deltaOf(model, version, 0).loadFailures += 1;
  }

  /** Everything counted since the isolate started, one entry per version that anything happened to. */
  versions(): VersionCounts[] {
    return [...this.#versions.values()];
  }

  /** Moves out what was counted of a model since the last call; null if nothing was. */
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
      counts = {
        ...{ model, version, inferenceCount: 0, executionCount: 0, failCount: 0, failures: {}, loadFailureCount: 0 },
        ...{ batches: new Map(), lastInferenceMs: 0, queueMs: 0, inputMs: 0, inferMs: 0, outputMs: 0 },
      };
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
        ...{ routedRequests: 0, routedFailures: 0, loadFailures: 0, lastInferenceMs: 0 },
      };
      ofModel.set(key, delta);
    }
    return delta;
  }
}
