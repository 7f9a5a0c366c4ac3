// The loaded models: each version once, shared by the requests that wait for its load, tried again after a pause if that fails.
// Running is synchronous, so nothing is unloaded while it runs. Who gives way to whom is decided in residents.ts and room.ts.
import type { Manifest } from '../../registry/manifest.ts';
import type { RequestScope } from '../request-scope.ts';
import type { BlobSource } from './blob-source.ts';
import { HeapBrokenError, HeapFullError, HeapLentError, HeapReplacedError } from './heap-errors.ts';
import type { Loader } from './loader.ts';
import {
  type LoadedModel,
  type Loading,
  type ModelState,
  type Ready,
  stateOf,
  type Unavailable,
} from './model-entry.ts';
import { loadFailure, reasonOf, retryDelayMs, runFailure } from './model-failure.ts';
import { type Log, type ModelHeap, Residents, RoomTaken } from './residents.ts';
import type { Trials } from './trials.ts';
import { runWarmup } from './warm-up.ts';

/** A load without progress for this long belonged to a request that died, and its reads with it. */
const stallMs = 10_000;

export class ModelCache {
  readonly #heap: ModelHeap;
  readonly #loader: Loader;
  readonly #blobs: Pick<BlobSource, 'keep'>;
  readonly #trials: Pick<Trials, 'begin'>;
  readonly #log: Log;
  readonly #onLoadFailure: (manifest: Manifest) => void;
  readonly #residents: Residents;

  constructor(options: {
    heap: ModelHeap;
    loader: Loader;
    blobs: Pick<BlobSource, 'keep'>;
    trials: Pick<Trials, 'begin'>;
    log: Log;
    onLoadFailure?: (manifest: Manifest) => void;
  }) {
    this.#heap = options.heap;
    this.#loader = options.loader;
    this.#blobs = options.blobs;
    this.#trials = options.trials;
    this.#log = options.log;
    this.#onLoadFailure = options.onLoadFailure ?? (() => {});
    this.#residents = new Residents(options.heap, options.log);
  }

  /**
   * Calls `action` with the loaded model: at once, or after loading it.
   * @param action synchronous: the model may be unloaded as soon as it returns
   * @throws {PopserveError} UNAVAILABLE when the version cannot be loaded or the run lacks memory; INVALID_ARGUMENT when the model
   *   refuses its input
   */
  use<T>(manifest: Manifest, scope: RequestScope, action: (model: LoadedModel) => T): T | Promise<T> {
    const entry = this.#residents.find(manifest);
    const isReady = entry?.state === 'ready' && entry.trial === null && entry.session.heap.broken === null;
    return isReady ? this.#run(entry, action) : this.#useLater(manifest, scope, action);
  }

  async #useLater<T>(manifest: Manifest, scope: RequestScope, action: (model: LoadedModel) => T): Promise<T> {
    for (;;) {
      const outcome = await this.#whenReady(manifest, scope, false, (entry) =>
        entry.trial === 'due' ? entry : { result: this.#runOnTrial(entry, scope, action) },
      );
      if ('result' in outcome) return outcome.result;
      outcome.trial = await this.#trials.begin(manifest);
    }
  }

  /**
   * Loads a version and runs it once, so that the first request it gets is as fast as the next.
   * @throws {PopserveError} UNAVAILABLE when the version cannot be loaded; INVALID_ARGUMENT when it refuses its sample input
   */
  async warm(manifest: Manifest, scope: RequestScope): Promise<void> {
    await this.#whenReady(manifest, scope, true, (entry) => {
      if (!entry.warm) this.#run(entry, ({ session }) => runWarmup(session, manifest));
    });
  }

  /** Whether a request for it would not have to wait. */
  isLoaded(manifest: Manifest): boolean {
    return this.#residents.find(manifest)?.state === 'ready';
  }

  state(manifest: Manifest): ModelState | null {
    const entry = this.#residents.find(manifest);
    return entry ? stateOf(entry) : null;
  }

  /** The state of every version that is or was to be loaded here, by `<model>/<version>`. */
  states(): Map<string, ModelState> {
    return new Map([...this.#residents.byVersion()].map(([version, entry]) => [version, stateOf(entry)]));
  }

  /** @throws {PopserveError} UNAVAILABLE while a version that failed to load is not to be tried again; the message has the reason */
  checkRetry(manifest: Manifest): void {
    const entry = this.#residents.find(manifest);
    if (entry?.state === 'unavailable' && Date.now() < entry.retryAtMs) throw entry.error;
  }

  /** A version that is loaded here; null if it is not. */
  loaded(model: string, version: string): LoadedModel | null {
    const entries = this.#residents.loaded();
    return entries.find(({ manifest }) => manifest.model === model && manifest.version === version) ?? null;
  }

  /** Lets a version that failed to load be tried again at once. */
  forgetFailure(model: string, version: string): void {
    for (const entry of this.#residents.unavailable()) {
      if (entry.manifest.model === model && entry.manifest.version === version) this.#residents.drop(entry);
    }
  }

  /** Frees the room of loaded versions of a model; the next use loads them again. @param version null: every version */
  unload(model: string, version: string | null): void {
    for (const entry of this.#residents.loaded()) {
      const { manifest } = entry;
      if (manifest.model === model && (version ?? manifest.version) === manifest.version) this.#residents.unload(entry);
    }
  }

  /** Heap that the loaded versions and the loads under way need, with the runtime's own. */
  get promisedBytes(): number {
    return this.#residents.promisedBytes;
  }

  /** Whether a version can be loaded while others stay. */
  fitsBeside(manifest: Manifest, others: readonly Manifest[]): boolean {
    return this.#residents.fitsBeside(manifest, others);
  }

  /** Loads the version if need be, then acts on it in the same turn: after an await it could have been unloaded. */
  async #whenReady<T>(
    manifest: Manifest,
    scope: RequestScope,
    aside: boolean,
    action: (entry: Ready) => T,
  ): Promise<T> {
    for (;;) {
      const entry = this.#residents.find(manifest);
      if (entry?.state === 'ready') {
        if (entry.session.heap.broken === null) return action(entry);
        this.#residents.dropBrokenHeap();
      } else if (entry?.state === 'loading') {
        await this.#waitFor(entry);
      } else {
        this.checkRetry(manifest);
        const loading = this.#startLoading(manifest, entry?.attempts ?? 0, aside);
        scope.waitUntil(loading.done.then(() => Promise.all([this.#keepBlob(manifest), loading.proof])));
        await this.#waitFor(loading);
      }
    }
  }

  /** The first run of a version without a sample input ends its trial. One that fails may owe that to its input and proves nothing. */
  #runOnTrial<T>(entry: Ready, scope: RequestScope, action: (model: LoadedModel) => T): T {
    const { trial } = entry;
    if (trial === null || trial === 'due') return this.#run(entry, action);
    entry.trial = 'due';
    try {
      const result = this.#run(entry, action);
      entry.trial = null;
      scope.waitUntil(trial.prove());
      return result;
    } catch (error) {
      scope.waitUntil(trial.abandon());
      throw error;
    }
  }

  #run<T>(entry: Ready, action: (model: LoadedModel) => T): T {
    entry.lastUsed = this.#residents.countUse();
    try {
      // A run that lacks memory fails: one input never takes the room of versions that others ask for.
      const result = action(entry);
      entry.warm = true;
      return result;
    } catch (error) {
      if (error instanceof HeapBrokenError) {
        const { model, version } = entry.manifest;
        this.#log('heap-broken', { model, version, reason: error.message });
        this.#residents.dropBrokenHeap();
      }
      throw runFailure(error, entry.manifest);
    }
  }

  /** Waits until the load settles. One that makes no progress is given up: the request that ran it is gone. */
  async #waitFor(loading: Loading): Promise<void> {
    for (;;) {
      const progress = progressOf(loading);
      const stalled = Promise.withResolvers<'stalled'>();
      const timer = setTimeout(() => stalled.resolve('stalled'), stallMs);
      const outcome = await Promise.race([loading.done, stalled.promise]);
      clearTimeout(timer);
      if (outcome !== 'stalled') return;
      if (progressOf(loading) !== progress) continue;
      // Where it waits for the room of other loads, those stand still as well: they are given up first, and it gets its turn.
      const holders = loading.waitsFor.filter((other) => this.#residents.find(other.manifest) === other);
      for (const holder of holders) this.#residents.drop(holder);
      if (holders.length > 0) continue;
      this.#residents.drop(loading);
      return;
    }
  }

  #startLoading(manifest: Manifest, attempts: number, aside: boolean): Loading {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const loading: Loading = {
      ...{ state: 'loading', manifest, done, aside },
      ...{ needBytes: 0, progress: 0, waitsFor: [], proof: null },
    };
    this.#residents.put(manifest, loading);
    this.#load(loading)
      .catch((error: unknown) => this.#failed(manifest, error, attempts + 1))
      .then((entry) => {
        this.#settle(loading, entry);
        resolve();
      });
    return loading;
  }

  /** Puts the outcome of a load in its place. Where it leaves none, whoever waits starts again. */
  #settle(loading: Loading, entry: Ready | Unavailable): void {
    const isGivenUp = this.#residents.find(loading.manifest) !== loading;
    const isLost = entry.state === 'ready' && entry.session.heap !== this.#heap.live;
    if (isLost) this.#residents.drop(loading);
    else if (!isGivenUp) this.#residents.put(loading.manifest, entry);
    else if (entry.state === 'ready') entry.session.release();
  }

  /** A load that met a replaced heap, or room in too many pieces, gets a second chance; one that lacks room waits for its turn. */
  async #load(loading: Loading): Promise<Ready> {
    for (let hasChance = true; ; ) {
      try {
        return await this.#loadOnce(loading);
      } catch (error) {
        if (error instanceof RoomTaken) {
          // A request that resolved its version before a switchover, for example, must not fail.
          loading.waitsFor = error.loads;
          await Promise.race(error.loads.map((other) => this.#waitFor(other)));
          loading.waitsFor = [];
          loading.progress++;
        } else if (hasChance && this.#canRepeat(error, loading)) hasChance = false;
        else throw error;
      }
    }
  }

  /** Whether a load may succeed if it is repeated; makes room for it where that was missing. */
  #canRepeat(error: unknown, loading: Loading): boolean {
    if (error instanceof HeapReplacedError) return true;
    if (error instanceof HeapLentError) return false;
    if (!(error instanceof HeapFullError)) return false;
    // LiteRT's heap does not outlive a load that lacked memory; then there is room, and nothing to unload.
    if (this.#residents.dropBrokenHeap()) return true;
    return this.#residents.unloadInFavourOf(loading) || this.#residents.replaceLeakingHeap();
  }

  async #loadOnce(loading: Loading): Promise<Ready> {
    const { manifest, aside } = loading;
    // An earlier try reserved room that it no longer holds.
    loading.needBytes = 0;
    const onProgress = () => {
      loading.progress++;
    };
    const trial = await this.#trials.begin(manifest, onProgress);
    this.#residents.shrinkHeap(manifest);
    const loaded = this.#loader.load(manifest, {
      makeRoom: () => this.#residents.makeRoom(loading),
      onProgress,
      // On trial it runs before any request's input does, so that the trial judges the version and not that input.
      aside: aside || trial !== null,
    });
    const { session, profile, times } = await loaded.catch(async (error: unknown) => {
      if (error instanceof HeapBrokenError) await trial?.fail(error.message);
      else await trial?.abandon();
      throw error;
    });
    const isTried = manifest.warmup !== null;
    if (trial !== null && isTried) loading.proof = trial.prove();
    // Without a request that waits, the first run may be far away.
    if (trial !== null && !isTried && aside) loading.proof = trial.abandon();
    const { model, version } = manifest;
    this.#log('model-loaded', { model, version, profile, heap: session.heap.byteLength, ...times });
    const lastUsed = this.#residents.countUse();
    const { needBytes } = loading;
    return {
      ...{ state: 'ready', manifest, profile, session, needBytes, times, lastUsed },
      warm: aside || trial !== null,
      trial: trial === null || isTried ? null : aside ? 'due' : trial,
    };
  }

  #failed(manifest: Manifest, error: unknown, attempts: number): Unavailable {
    const { model, version } = manifest;
    this.#onLoadFailure(manifest);
    this.#log('model-unavailable', { model, version, reason: reasonOf(error), attempts });
    if (error instanceof HeapBrokenError) this.#residents.dropBrokenHeap();
    const retryMs = retryDelayMs(error, attempts);
    return {
      state: 'unavailable',
      manifest,
      error: loadFailure(error, manifest, retryMs),
      attempts,
      retryAtMs: Date.now() + retryMs,
    };
  }

  /** Has the bytes kept near, once they have been found to be the right ones. */
  async #keepBlob(manifest: Manifest): Promise<void> {
    const state = this.state(manifest);
    if (state?.state !== 'READY' || state.times.from === 'cache') return;
    const { digest } = manifest.artifacts.model;
    await this.#blobs
      .keep(digest)
      .catch((error: unknown) => this.#log('blob-not-cached', { digest, error: String(error) }));
  }
}

/** A load that waits for the room of others moves on as they do. */
function progressOf({ progress, waitsFor }: Loading): number {
  return waitsFor.reduce((sum, other) => sum + other.progress, progress);
}
