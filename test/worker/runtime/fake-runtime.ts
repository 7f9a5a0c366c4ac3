// A heap and a loader under a test's control: loads arrive, stand still, fail and end when the test says so.

import type { Manifest } from '../../../registry/manifest.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { HeapBrokenError } from '../../../worker/runtime/heap-errors.ts';
import type { LoadedSession, LoadOptions, ModelSession } from '../../../worker/runtime/loader.ts';
import { ModelCache } from '../../../worker/runtime/model-cache.ts';
import type { ModelHeap } from '../../../worker/runtime/residents.ts';
import type { Trials } from '../../../worker/runtime/trials.ts';
import { sampleRelease } from '../../registry/sample-release.ts';

class FakeMemory {
  broken: string | null = null;
  readonly byteLength = 64 * mebibyte;
  used = 0;
  usedBytes = () => this.used;
  /** The largest piece of room; by default all room is in one. */
  pieceBytes = Number.POSITIVE_INFINITY;
  hasRoom = (modelBytes: number, restBytes: number) => modelBytes + restBytes <= this.pieceBytes;
}

export class FakeHeap implements ModelHeap {
  live: FakeMemory = new FakeMemory();
  readonly emptyBytes = 10 * mebibyte;
  readonly budgetBytes = 110 * mebibyte;
  discardedBytes = 0;
  replacements = 0;
  /** Whether the next call to `shrink` gives the heap up. */
  shrinks = false;

  replace(): void {
    this.live.broken = 'the heap was replaced';
    this.live = new FakeMemory();
    this.replacements++;
  }

  shrink(): boolean {
    if (!this.shrinks) return false;
    this.shrinks = false;
    this.replace();
    return true;
  }
}

/** One call of the loader. */
export interface FakeLoad {
  readonly version: string;
  readonly aside: boolean;
  profile?: 'fast' | 'lean';
  session?: ModelSession;
  /** The heap runs: the load asks for its room. */
  start(): void;
  /** A piece has arrived. */
  progress(): void;
  finish(): void;
  fail(error: unknown): void;
}

export class World {
  readonly heap = new FakeHeap();
  readonly loads: FakeLoad[] = [];
  readonly released: string[] = [];
  /** Versions whose sample input was run. */
  readonly warmed: string[] = [];
  readonly kept: string[] = [];
  readonly failures: string[] = [];
  readonly logged: string[] = [];
  /** Versions whose loads end only when the test says so. */
  readonly held = new Set<string>();
  /** Versions whose loads ask for room only when the test says so. */
  readonly heldBack = new Set<string>();
  /** Errors that the next loads of a version end with. */
  readonly faults = new Map<string, unknown[]>();
  from: 'cache' | 'registry' = 'registry';
  /** Every version is proven, unless a test says otherwise. */
  trials: Pick<Trials, 'begin'> = { begin: async () => null };
  readonly cache: ModelCache;
  readonly #behind: Promise<unknown>[] = [];
  readonly scope = { waitUntil: (promise: Promise<unknown>) => void this.#behind.push(promise) };

  constructor() {
    this.cache = new ModelCache({
      heap: this.heap,
      loader: { load: (manifest, options) => this.#load(manifest, options) },
      blobs: { keep: async (digest) => void this.kept.push(digest) },
      trials: { begin: (...asked) => this.trials.begin(...asked) },
      log: (event, { version }) => void this.logged.push(version === undefined ? event : `${event} ${version}`),
      onLoadFailure: ({ version }) => void this.failures.push(version),
    });
  }

  /** A request: what the model answers is its version. */
  async ask(manifest: Manifest, run: () => void = () => undefined): Promise<string> {
    return await this.cache.use(manifest, this.scope, (model) => {
      run();
      return model.manifest.version;
    });
  }

  /** Waits for the work that requests left behind. */
  async settle(): Promise<void> {
    await Promise.all(this.#behind.splice(0));
  }

  /** The loaded versions, by name. */
  get ready(): string[] {
    const states = [...this.cache.states()].filter(([, { state }]) => state === 'READY');
    return states.map(([name]) => name.slice(name.indexOf('/') + 1)).sort();
  }

  /** Loads of a version, the first one first. */
  loadsOf(version: string): FakeLoad[] {
    return this.loads.filter((load) => load.version === version);
  }

  async #load({ version }: Manifest, { makeRoom, onProgress, aside }: LoadOptions): Promise<LoadedSession> {
    const gate = Promise.withResolvers<void>();
    const running = Promise.withResolvers<void>();
    const load: FakeLoad = {
      ...{ version, aside },
      start: running.resolve,
      progress: onProgress,
      finish: gate.resolve,
      fail: gate.reject,
    };
    this.loads.push(load);
    if (!this.heldBack.has(version)) load.start();
    await running.promise;
    const { live } = this.heap;
    load.profile = makeRoom();
    const fault = this.faults.get(version)?.shift();
    if (fault !== undefined) throw fault;
    if (this.held.has(version)) await gate.promise;
    const session: ModelSession = {
      heap: live,
      run: () => {
        if (live.broken !== null) throw new HeapBrokenError(live.broken);
        this.warmed.push(version);
        return undefined as never;
      },
      release: () => void this.released.push(version),
    };
    load.session = session;
    const times = { runtimeMs: 0, fetchMs: 0, createMs: 0, warmupMs: 0, from: this.from };
    return { session, profile: load.profile, times };
  }
}

/** A version that takes so much of the heap. */
export async function sized(version: string, mebibytes: number): Promise<Manifest> {
  const { manifest } = await sampleRelease('m', version);
  const lean = { heapBytes: mebibytes * mebibyte, createMs: 1, runMs: 1 };
  return { ...manifest, runtime: { ...manifest.runtime, profiles: { lean } } };
}
