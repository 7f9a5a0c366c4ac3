// The models that are loaded: each version once, within the memory budget, least recently used first out.
// Loading is shared by the requests that wait for it; running is synchronous, so nothing is unloaded while it runs.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest, ProfileName } from '../../registry/manifest.ts';
import type { BlobSource } from '../cache/blob-source.ts';
import type { RequestScope } from '../request-scope.ts';
import { HeapBrokenError, HeapFullError, mebibytes, OrtError } from './heap.ts';
import { IsolateHeap } from './isolate-heap.ts';
import type { LoadTimes } from './load-times.ts';
import { HeapReplacedError, ModelLoader, runWarmup } from './model-loader.ts';
import type { Session } from './session.ts';

export interface LoadedModel {
  readonly manifest: Manifest;
  readonly profile: ProfileName;
  readonly session: Session;
  readonly needBytes: number;
  /** What its load took, step by step. */
  readonly times: LoadTimes;
}

export type ModelState =
  | { readonly state: 'LOADING' }
  | { readonly state: 'READY'; readonly profile: ProfileName; readonly needBytes: number; readonly times: LoadTimes }
  | { readonly state: 'UNAVAILABLE'; readonly reason: string };

interface Loading {
  readonly state: 'loading';
  readonly done: Promise<void>;
  /**
   * No request waits for it: it lets others run between its steps and warms up before it takes over. Where one waits, that one's own
   * run is the warm-up, which spares it a second slow one.
   */
  readonly aside: boolean;
  needBytes: number;
  /** Grows with every piece that arrives: a load that stands still belonged to a request that died. */
  progress: number;
}

interface Ready extends LoadedModel {
  readonly state: 'ready';
  /** Whether it has run. */
  warm: boolean;
  lastUsed: number;
}

interface Unavailable {
  readonly state: 'unavailable';
  readonly error: PopserveError;
  readonly attempts: number;
  readonly retryAtMs: number;
}

/** What is free is not enough, and what would have to give way is still being loaded. */
class RoomTaken extends Error {
  override readonly name = 'RoomTaken';
  readonly loads: readonly (readonly [key: string, loading: Loading])[];
  constructor(loads: RoomTaken['loads']) {
    super('other loads have the room');
    this.loads = loads;
  }
}

const stallMs = 10_000;
/** More than the bookkeeping can be wrong by. */
const leakBytes = 8 * 1_048_576;
const firstRetryMs = 1_000;
const lastRetryMs = 60_000;
/** A model whose need was not measured: what onnxruntime takes of an `.onnx` file, times its size. */
const unmeasuredFactor = { ort: 1.1, onnx: 4 };

export class ModelCache {
  readonly heap: IsolateHeap;
  readonly #source: BlobSource;
  readonly #loader: ModelLoader;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  readonly #onLoadFailure: (manifest: Manifest) => void;
  readonly #entries = new Map<string, Loading | Ready | Unavailable>();
  #useCount = 0;

  constructor(options: {
    budgetBytes: number;
    source: BlobSource;
    log: (event: string, fields: Record<string, unknown>) => void;
    onLoadFailure?: (manifest: Manifest) => void;
  }) {
    this.heap = new IsolateHeap(options.budgetBytes);
    this.#source = options.source;
    this.#loader = new ModelLoader(this.heap, options.source);
    this.#log = options.log;
    this.#onLoadFailure = options.onLoadFailure ?? (() => {});
  }

  /**
   * Calls `action` with the loaded model, loading it first if need be.
   * @param action synchronous: the model may be unloaded as soon as it returns
   * @throws PopserveError UNAVAILABLE (not loaded, no room), INVALID_ARGUMENT (the model refused its input)
   */
  async use<T>(manifest: Manifest, scope: RequestScope, action: (model: LoadedModel) => T): Promise<T> {
    return await this.#whenReady(manifest, scope, false, (entry) => this.#run(entry, action));
  }

  /**
   * Loads a version and runs it once, so that the first request it gets is as fast as the next.
   * @throws PopserveError UNAVAILABLE
   */
  async warm(manifest: Manifest, scope: RequestScope): Promise<void> {
    await this.#whenReady(manifest, scope, true, (entry) => {
      if (!entry.warm) this.#run(entry, ({ session }) => runWarmup(session, manifest));
    });
  }

  /** Loads the version if need be, then acts on it in the same turn: after an await it could have been unloaded. */
  async #whenReady<T>(
    manifest: Manifest,
    scope: RequestScope,
    aside: boolean,
    action: (entry: Ready) => T,
  ): Promise<T> {
    const key = keyOf(manifest);
    for (;;) {
      const entry = this.#entries.get(key);
      if (entry?.state === 'ready') {
        if (entry.session.heap.broken === null) return action(entry);
        this.#dropHeap();
      } else if (entry?.state === 'loading') {
        await this.#waitFor(key, entry);
      } else {
        this.checkRetry(manifest);
        const loading = this.#startLoading(key, manifest, entry?.attempts ?? 0, aside);
        scope.waitUntil(loading.done.then(() => this.#keep(manifest)));
        await this.#waitFor(key, loading);
      }
    }
  }

  /** Whether a request for it would not have to wait. */
  isLoaded(manifest: Manifest): boolean {
    return this.#entries.get(keyOf(manifest))?.state === 'ready';
  }

  state(manifest: Manifest): ModelState | null {
    const entry = this.#entries.get(keyOf(manifest));
    return entry ? stateOf(entry) : null;
  }

  /** Of every version that is or was to be loaded here, by `<model>/<version>`. */
  states(): Map<string, ModelState> {
    return new Map([...this.#entries].map(([key, entry]) => [key.slice(0, key.lastIndexOf('/')), stateOf(entry)]));
  }

  /** @throws PopserveError UNAVAILABLE with the reason while a version that failed to load is not to be tried again */
  checkRetry(manifest: Manifest): void {
    const entry = this.#entries.get(keyOf(manifest));
    if (entry?.state === 'unavailable' && Date.now() < entry.retryAtMs) throw entry.error;
  }

  /** A version that is loaded here; null if it is not. */
  loaded(model: string, version: string): LoadedModel | null {
    for (const entry of this.#entries.values()) {
      if (entry.state === 'ready' && entry.manifest.model === model && entry.manifest.version === version) return entry;
    }
    return null;
  }

  /** Frees what loaded versions of a model take; the next use loads them again. @param version null: all of the model */
  unload(model: string, version: string | null): void {
    for (const entry of [...this.#entries.values()]) {
      if (entry.state !== 'ready' || entry.manifest.model !== model) continue;
      if (version === null || entry.manifest.version === version) this.#unload(entry);
    }
  }

  #run<T>(entry: Ready, action: (model: LoadedModel) => T): T {
    entry.lastUsed = ++this.#useCount;
    try {
      const result = action(entry);
      entry.warm = true;
      return result;
    } catch (error) {
      if (error instanceof HeapFullError && this.#unloadAllBut(entry)) {
        try {
          return action(entry);
        } catch (again) {
          throw this.#explain(again, entry);
        }
      }
      throw this.#explain(error, entry);
    }
  }

  /** Turns the runtime's errors into answers; a broken heap is given up with all that lives in it. */
  #explain(error: unknown, { manifest }: LoadedModel): unknown {
    const name = `model '${manifest.model}' version '${manifest.version}'`;
    if (error instanceof OrtError) {
      return new PopserveError('INVALID_ARGUMENT', `${name} refused this input: ${error.message}`);
    }
    if (error instanceof HeapFullError) {
      return new PopserveError('UNAVAILABLE', `${name}: this input needs more memory than there is: ${error.message}`, {
        retryAfterSeconds: 1,
      });
    }
    if (error instanceof HeapBrokenError) {
      this.#log('heap-broken', { model: manifest.model, version: manifest.version, reason: error.message });
      this.#dropHeap();
      return new PopserveError(
        'UNAVAILABLE',
        `${name}: this input broke the runtime, which was restarted: ${error.message}`,
        {
          retryAfterSeconds: 1,
        },
      );
    }
    return error;
  }

  /** Waits until the load settles. One that makes no progress is given up: the request that ran it is gone. */
  async #waitFor(key: string, loading: Loading): Promise<void> {
    for (;;) {
      const progress = loading.progress;
      const stalled = Promise.withResolvers<'stalled'>();
      const timer = setTimeout(() => stalled.resolve('stalled'), stallMs);
      const outcome = await Promise.race([loading.done, stalled.promise]);
      clearTimeout(timer);
      if (outcome !== 'stalled') return;
      if (loading.progress === progress) {
        if (this.#entries.get(key) === loading) this.#entries.delete(key);
        return;
      }
    }
  }

  #startLoading(key: string, manifest: Manifest, attempts: number, aside: boolean): Loading {
    const { promise, resolve } = Promise.withResolvers<void>();
    const loading: Loading = { state: 'loading', done: promise, aside, needBytes: 0, progress: 0 };
    this.#entries.set(key, loading);
    const settle = (entry: Ready | Unavailable) => {
      if (entry.state === 'ready' && entry.session.heap !== this.heap.live) {
        // Its heap was given up in the last moment: whoever waits starts again.
        if (this.#entries.get(key) === loading) this.#entries.delete(key);
        resolve();
        return;
      }
      // Given up as stalled meanwhile, or its heap is gone: whoever waits starts again.
      if (this.#entries.get(key) === loading) this.#entries.set(key, entry);
      else if (entry.state === 'ready') entry.session.release();
      resolve();
    };
    this.#load(manifest, loading).then(settle, (error) => settle(this.#failed(manifest, error, attempts + 1)));
    return loading;
  }

  /** A load that met a replaced heap, or room in too many pieces, gets a second chance. */
  async #load(manifest: Manifest, loading: Loading): Promise<Ready> {
    try {
      return await this.#loadOnce(manifest, loading);
    } catch (error) {
      if (error instanceof RoomTaken) {
        // A request that resolved its version before a switchover, for example: it waits for its turn and does not fail.
        // One whose request died does not settle: waiting for it gives it up.
        await Promise.race(error.loads.map(([key, other]) => this.#waitFor(key, other)));
        loading.progress++;
        return await this.#load(manifest, loading);
      }
      const roomMade = error instanceof HeapFullError && (this.#unloadAllBut(null) || this.#replaceLeaking());
      if (!roomMade && !(error instanceof HeapReplacedError)) throw error;
      return await this.#loadOnce(manifest, loading);
    }
  }

  async #loadOnce(manifest: Manifest, loading: Loading): Promise<Ready> {
    const wantedBytes = this.heap.emptyBytes + this.#reservedBytes() + leanNeed(manifest);
    if (this.heap.shrink(wantedBytes)) {
      this.#log('heap-shrunk', { wantedBytes, discardedBytes: this.heap.discardedBytes });
      this.#forgetLost();
    }
    const { session, profile, times } = await this.#loader.load(manifest, {
      makeRoom: () => this.#makeRoom(manifest, loading),
      onProgress: () => {
        loading.progress++;
      },
      aside: loading.aside,
    });
    const heapBytes = session.heap.byteLength;
    this.#log('model-loaded', { model: manifest.model, version: manifest.version, profile, heap: heapBytes, ...times });
    const warm = loading.aside;
    return {
      state: 'ready',
      manifest,
      profile,
      session,
      needBytes: loading.needBytes,
      times,
      warm,
      lastUsed: ++this.#useCount,
    };
  }

  #failed(manifest: Manifest, error: unknown, attempts: number): Unavailable {
    const reason = error instanceof Error ? error.message : String(error);
    this.#onLoadFailure(manifest);
    this.#log('model-unavailable', { model: manifest.model, version: manifest.version, reason, attempts });
    if (error instanceof HeapBrokenError) this.#dropHeap();
    // What onnxruntime refuses it refuses again, and a try may take the room of a version that serves.
    const retryMs = error instanceof OrtError ? lastRetryMs : Math.min(firstRetryMs * 2 ** (attempts - 1), lastRetryMs);
    return {
      state: 'unavailable',
      error: new PopserveError(
        'UNAVAILABLE',
        `model '${manifest.model}' version '${manifest.version}' cannot be loaded: ${reason}`,
        { retryAfterSeconds: Math.ceil(retryMs / 1000), cause: error },
      ),
      attempts,
      retryAtMs: Date.now() + retryMs,
    };
  }

  /**
   * Unloads what was used longest ago until the model fits, and reserves its room.
   * @returns `fast` where it pays and its need fits beside what is there, `lean` otherwise
   */
  #makeRoom(manifest: Manifest, loading: Loading): ProfileName {
    const available = this.#availableBytes();
    const fast = worthwhileFast(manifest);
    if (fast && this.#reservedBytes() + fast.heapBytes <= available) {
      loading.needBytes = fast.heapBytes;
      return 'fast';
    }
    const need = leanNeed(manifest);
    while (this.#reservedBytes() + need > available) {
      const oldest = this.#leastRecentlyUsed();
      if (!oldest) {
        const loads = [...this.#entries].flatMap(([key, entry]) =>
          entry.state === 'loading' && entry.needBytes > 0 ? [[key, entry] as const] : [],
        );
        if (loads.length > 0 && need <= available) throw new RoomTaken(loads);
        throw new PopserveError(
          'UNAVAILABLE',
          `it needs ${mebibytes(need)} of heap, ${mebibytes(available - this.#reservedBytes())} of ` +
            `${mebibytes(available)} are free (budget ${mebibytes(this.heap.budgetBytes)}, onnxruntime itself ` +
            `${mebibytes(this.heap.emptyBytes)}, discarded heaps ${mebibytes(this.heap.discardedBytes)})`,
        );
      }
      this.#unload(oldest);
    }
    loading.needBytes = need;
    return 'lean';
  }

  /** Whether a version can be loaded while another stays. */
  fitsBeside(manifest: Manifest, others: readonly Manifest[]): boolean {
    const kept = others.reduce((sum, other) => sum + this.#needOf(other), 0);
    return kept + leanNeed(manifest) <= this.#availableBytes();
  }

  #needOf(manifest: Manifest): number {
    const entry = this.#entries.get(keyOf(manifest));
    return entry?.state === 'ready' ? entry.needBytes : 0;
  }

  #availableBytes(): number {
    return this.heap.budgetBytes - this.heap.discardedBytes - this.heap.emptyBytes;
  }

  #reservedBytes(): number {
    let sum = 0;
    for (const entry of this.#entries.values()) if (entry.state !== 'unavailable') sum += entry.needBytes;
    return sum;
  }

  #leastRecentlyUsed(): Ready | null {
    let oldest: Ready | null = null;
    for (const entry of this.#entries.values()) {
      if (entry.state === 'ready' && (!oldest || entry.lastUsed < oldest.lastUsed)) oldest = entry;
    }
    return oldest;
  }

  /** @returns whether there was anything to unload */
  #unloadAllBut(kept: Ready | null): boolean {
    const others: Ready[] = [];
    for (const entry of this.#entries.values()) if (entry.state === 'ready' && entry !== kept) others.push(entry);
    for (const entry of others) this.#unload(entry);
    return others.length > 0;
  }

  #unload(entry: Ready): void {
    this.#entries.delete(keyOf(entry.manifest));
    entry.session.release();
    this.#log('model-unloaded', { model: entry.manifest.model, version: entry.manifest.version });
  }

  /** Replaces the heap if it is the broken one; what lived in a broken one comes back on demand. */
  #dropHeap(): void {
    if (this.heap.live && this.heap.live.broken !== null) this.heap.replace();
    this.#forgetLost();
  }

  /** A load that was given up may still hold its block: where nothing else explains that the heap is full, it starts again. */
  #replaceLeaking(): boolean {
    const { live, emptyBytes } = this.heap;
    if (!live || live.broken !== null) return false;
    if (live.usedBytes() < emptyBytes + this.#reservedBytes() + leakBytes) return false;
    this.heap.replace();
    this.#forgetLost();
    return true;
  }

  #forgetLost(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.state === 'ready' && entry.session.heap.broken !== null) this.#entries.delete(key);
    }
  }

  /** Into the PoP's cache, once the bytes have been found to be the right ones. */
  async #keep(manifest: Manifest): Promise<void> {
    const state = this.state(manifest);
    if (state?.state !== 'READY' || state.times.from === 'cache') return;
    const { digest } = manifest.artifacts.model;
    await this.#source
      .keep(digest)
      .catch((error: unknown) => this.#log('blob-not-cached', { digest, error: String(error) }));
  }
}

function stateOf(entry: Loading | Ready | Unavailable): ModelState {
  if (entry.state === 'loading') return { state: 'LOADING' };
  if (entry.state === 'unavailable') return { state: 'UNAVAILABLE', reason: entry.error.message };
  const { profile, needBytes, times } = entry;
  return { state: 'READY', profile, needBytes, times };
}

function keyOf({ model, version, artifacts }: Manifest): string {
  return `${model}/${version}/${artifacts.model.digest}`;
}

/** Runs as fast as `lean` within this are taken for equal: `lean` has half the memory then, and is made sooner. */
const noticeableGain = 0.95;

/** The profile `fast`, where publishing measured that it pays. */
function worthwhileFast({ runtime }: Manifest): Manifest['runtime']['profiles']['fast'] {
  const { fast, lean } = runtime.profiles;
  return fast && lean && fast.runMs > lean.runMs * noticeableGain ? undefined : fast;
}

function leanNeed(manifest: Manifest): number {
  const { format, bytes } = manifest.artifacts.model;
  return manifest.runtime.profiles.lean?.heapBytes ?? Math.ceil(bytes * unmeasuredFactor[format]);
}
