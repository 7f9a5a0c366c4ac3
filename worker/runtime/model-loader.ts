// Brings a version into the heap: the bytes while the runtime starts, then the session, then the warm-up. Which versions stay is not
// its business (model-cache.ts).
import type { Manifest, ProfileName } from '../../registry/manifest.ts';
import type { BlobSource, OpenBlob } from '../cache/blob-source.ts';
import { type Heap, HeapBrokenError, HeapFullError } from './heap.ts';
import type { IsolateHeap } from './isolate-heap.ts';
import type { LoadTimes } from './load-times.ts';
import { nextTurn } from './next-turn.ts';
import type { HeapBlock, Session } from './session.ts';
import { CorruptBlobError, createSession, type StreamOptions, streamBlob } from './stream-blob.ts';
import { toRuntimeTensor, warmupTensors } from './tensors.ts';

export interface LoadedSession {
  readonly session: Session;
  readonly profile: ProfileName;
  readonly times: LoadTimes;
}

export interface LoadOptions {
  /** Called when the heap runs: makes room in it and tells which profile fits. */
  readonly makeRoom: () => ProfileName;
  /** Called with every piece of the model that arrives. */
  readonly onProgress: () => void;
  /** No request waits: those that come run between the steps, and the sample input runs before the session is handed out. */
  readonly aside: boolean;
}

/** The heap was replaced while a model was on its way into it. */
export class HeapReplacedError extends Error {
  override readonly name = 'HeapReplacedError';
}

export class ModelLoader {
  readonly #heap: IsolateHeap;
  readonly #source: BlobSource;

  constructor(heap: IsolateHeap, source: BlobSource) {
    this.#heap = heap;
    this.#source = source;
  }

  /**
   * @throws PopserveError UNAVAILABLE (bytes that do not match, no room), HeapReplacedError, HeapFullError, HeapBrokenError, OrtError
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
    const place = (blob: OpenBlob) => this.#place(heap, blob, artifact, { onProgress, aside });
    let { from } = opened;
    const block = await place(opened).catch(async (error: unknown) => {
      // Damaged, cut off or unreadable: the registry has it whole.
      if (from !== 'cache' || isHeapFault(error)) throw error;
      from = 'registry';
      if (error instanceof CorruptBlobError) await this.#source.drop(artifact.digest).catch(() => undefined);
      return await place(await this.#source.openRegistry(artifact.digest));
    });
    if (aside) await nextTurn();
    this.#checkLive(heap);
    const fetched = performance.now();
    const session = createSession(heap, block, manifest, profile);
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
  async #warmUp(session: Session, manifest: Manifest): Promise<number> {
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

  #checkLive(heap: Heap): void {
    if (heap !== this.#heap.live) throw new HeapReplacedError('the heap was replaced during the load');
  }

  async #place(heap: Heap, { body }: OpenBlob, artifact: Artifact, options: StreamOptions): Promise<HeapBlock> {
    try {
      const block = await streamBlob(heap, body, artifact, options);
      if (heap === this.#heap.live) return block;
    } catch (error) {
      // A heap that is someone else's by now refuses to be written to.
      if (!(error instanceof HeapBrokenError) || heap === this.#heap.live) throw error;
    }
    throw new HeapReplacedError('the heap was replaced during the load');
  }
}

type Artifact = Manifest['artifacts']['model'];

/** Runs the manifest's sample input, if there is one. */
export function runWarmup(session: Session, manifest: Manifest): void {
  const sample = warmupTensors(manifest);
  const outputs = manifest.signature.outputs.map(({ name }) => name);
  if (sample) session.run(sample.map(toRuntimeTensor), outputs, () => undefined);
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
