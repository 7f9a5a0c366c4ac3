// The model cache's view of the runtime: loads, and the sessions that they give. Implemented by model-loader.ts and session.ts.
import type { Manifest, ProfileName } from '../../registry/manifest.ts';
import type { LoadTimes } from './load-times.ts';
import type { RuntimeInput, RuntimeTensor } from './runtime-tensor.ts';

/** Brings versions into the heap. */
export interface Loader {
  /** Loads a version. A load that fails holds nothing of the heap. */
  load(manifest: Manifest, options: LoadOptions): Promise<LoadedSession>;
}

export interface LoadOptions {
  /** Called when the heap runs: makes room in it and tells which profile fits. */
  readonly makeRoom: () => ProfileName;
  /** Called with every piece of the model that arrives. */
  readonly onProgress: () => void;
  /** No request waits: others run between the steps, and the sample input runs before the session is handed out. */
  readonly aside: boolean;
}

export interface LoadedSession {
  readonly session: ModelSession;
  readonly profile: ProfileName;
  readonly times: LoadTimes;
}

export interface ModelSession {
  readonly heap: SessionHeap;
  /**
   * Runs the model. Synchronous: an isolate runs one inference at a time.
   * @param inputs by name; each input of the model exactly once
   * @param outputNames which outputs to compute, in this order
   * @param read gets the outputs as views on the heap, valid until it returns
   * @throws {OrtError} when the model refuses its inputs
   * @throws {HeapFullError} when the run needs more memory than the limit allows
   * @throws {HeapBrokenError} when the run breaks the heap
   */
  run<T>(inputs: readonly RuntimeInput[], outputNames: readonly string[], read: (outputs: RuntimeTensor[]) => T): T;
  /** Gives the session's room back to the heap. */
  release(): void;
}

/** The heap that a session lives in. */
export interface SessionHeap {
  /** Why nothing can run in it any more; null while it works. */
  readonly broken: string | null;
  readonly byteLength: number;
}
