// Brings a version into the heap: its bytes while the runtime starts, then the session, and a first run where no request waits.
// Which versions stay is not its business (residents.ts).
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest, ProfileName } from '../../registry/manifest.ts';
import type { BlobSource, OpenBlob } from './blob-source.ts';
import { CorruptBlobError } from './corrupt-blob-error.ts';
import { HeapBrokenError, HeapFullError, HeapReplacedError } from './heap-errors.ts';
import type { IsolateHeap } from './isolate-heap.ts';
import type { LoadTimes } from './load-times.ts';
import type { LoadedSession, Loader, LoadOptions, ModelSession } from './loader.ts';
import type { Block } from './model-place.ts';
import { nextTurn } from './next-turn.ts';
import { type StreamOptions, streamBlob } from './stream-blob.ts';
import { runWarmup } from './warm-up.ts';
import type { WasmHeap } from './wasm-heap.ts';

/** A session as a runtime makes it, which knows the names of its model. */
interface MadeSession<H> extends ModelSession {
  readonly heap: H & ModelSession['heap'];
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
}

/**
 * Makes a session of a runtime from the bytes of a model, which it takes over.
 * @throws {RefusedError} when the runtime refuses the model
 * @throws {HeapFullError} when it does not fit into the heap
 * @throws {HeapBrokenError} when it breaks the heap
 */
export type CreateSession<H> = (heap: H, block: Block, manifest: Manifest, profile: ProfileName) => MadeSession<H>;

type Heaps<H> = Pick<IsolateHeap<never>, 'startMs'> & { readonly live: H | null; current(): Promise<H> };

export class ModelLoader<H extends WasmHeap> implements Loader {
  readonly #heap: Heaps<H>;
  readonly #source: BlobSource;
  readonly #createSession: CreateSession<H>;

  constructor(heap: Heaps<H>, source: BlobSource, createSession: CreateSession<H>) {
    this.#heap = heap;
    this.#source = source;
    this.#createSession = createSession;
  }

  /**
   * @throws {PopserveError} UNAVAILABLE when the bytes do not match their digest or the model does not match its manifest; NOT_FOUND
   *   when the registry does not have the blob
   * @throws {RefusedError} when the runtime refuses the model
   * @throws {HeapFullError} when it does not fit into the heap
   * @throws {HeapBrokenError} when it breaks the heap
   * @throws {HeapReplacedError} when the heap was replaced during the load
   * @throws {unknown} what `makeRoom` throws
   */
  async load(manifest: Manifest, { makeRoom, onProgress, aside }: LoadOptions): Promise<LoadedSession> {
    const { model: artifact } = manifest.artifacts;
    const running = this.#heap.live !== null;
    const started = performance.now();
    // The runtime starts while the bytes are on their way.
    const opening = this.#source.open(artifact.digest);
    const heap = await this.#heap.current().catch((error: unknown) => {
      void opening.then(({ body }) => body.cancel('no runtime')).catch(() => undefined);
      throw error;
    });
    const opened = await opening;
    const profile = await orCancel(opened, makeRoom);
    const place = (blob: OpenBlob) =>
      this.#place(heap, blob, artifact, { onProgress, aside, apart: profile === 'lean' });
    let { from } = opened;
    const block = await place(opened).catch(async (error: unknown) => {
      // The cached copy is damaged, cut off or unreadable; the registry has the whole blob.
      if (from !== 'cache' || isHeapFault(error)) throw error;
      from = 'registry';
      if (error instanceof CorruptBlobError) await this.#source.drop(artifact.digest).catch(() => undefined);
      return await place(await this.#source.openRegistry(artifact.digest));
    });
    if (aside) await nextTurn();
    this.#checkLive(heap);
    const fetched = performance.now();
    const session = this.#createSession(heap, block, manifest, profile);
    checkNames(session, manifest);
    const created = performance.now();
    const warmupMs = aside ? await this.#warmUp(session, manifest) : 0;
    const times: LoadTimes = {
      runtimeMs: running ? 0 : this.#heap.startMs,
      fetchMs: fetched - started,
      createMs: created - fetched,
      warmupMs,
      from,
    };
    return { session, profile, times };
  }

  /** @returns what the run took, milliseconds */
  async #warmUp(session: MadeSession<H>, manifest: Manifest): Promise<number> {
    try {
      await nextTurn();
      this.#checkLive(session.heap);
      const started = performance.now();
      runWarmup(session, manifest);
      return performance.now() - started;
    } catch (error) {
      session.release();
      throw error;
    }
  }

  #checkLive(heap: H): void {
    if (heap !== this.#heap.live) throw new HeapReplacedError('the heap was replaced during the load');
  }

  async #place(heap: H, { body }: OpenBlob, artifact: Artifact, options: StreamOptions): Promise<Block> {
    try {
      const block = await streamBlob(heap, body, artifact, options);
      if (heap === this.#heap.live) return block;
    } catch (error) {
      // The memory belongs to another heap by now, so this one refuses to be written to.
      if (!(error instanceof HeapBrokenError) || heap === this.#heap.live) throw error;
    }
    throw new HeapReplacedError('the heap was replaced during the load');
  }
}

type Artifact = Manifest['artifacts']['model'];

/**
 * @throws {PopserveError} UNAVAILABLE when the model has a name that its manifest does not describe; then the session is released
 */
function checkNames(session: MadeSession<unknown>, { signature }: Manifest): void {
  const described = new Set([...signature.inputs, ...signature.outputs].map(({ name }) => name));
  const missing = [...session.inputs, ...session.outputs].find(({ name }) => !described.has(name));
  if (missing === undefined) return;
  session.release();
  throw new PopserveError('UNAVAILABLE', `the model has '${missing.name}', which its manifest does not describe`);
}

function isHeapFault(error: unknown): boolean {
  return error instanceof HeapFullError || error instanceof HeapBrokenError || error instanceof HeapReplacedError;
}

async function orCancel<T>({ body }: OpenBlob, action: () => T): Promise<T> {
  try {
    return action();
  } catch (error) {
    await body.cancel('no room');
    throw error;
  }
}
