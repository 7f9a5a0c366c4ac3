// The interface of an engine: what a Worker needs of a runtime to serve a model with it, whichever runtime it is.
import type { RawTensor } from '../../../../../worker/protocol/raw-frame.ts';

export interface Engine {
  /** Size of the linear memory, which never shrinks; 0 before the first load. */
  readonly heapBytes: number;
  /** Starts the runtime if it has not been started, and makes the model ready. */
  load(model: Uint8Array): Promise<LoadedModel>;
}

export interface LoadedModel {
  /** @returns every output, copied out of the heap */
  run(inputs: readonly RawTensor[]): Promise<RawTensor[]>;
  /** Gives its memory back to the heap. */
  release(): Promise<void>;
}
