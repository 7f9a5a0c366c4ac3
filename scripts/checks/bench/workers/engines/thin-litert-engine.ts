// popserve's own session layer over LiteRT, which uses none of the package's JavaScript.
import { mebibyte } from '../../../../../registry/mebibytes.ts';
import { LiteRtHeap } from '../../../../../worker/runtime/litert/heap.ts';
import { LiteRtSession } from '../../../../../worker/runtime/litert/session.ts';
import type { Engine, LoadedModel } from './engine.ts';
import { loadedOf } from './session-engine.ts';

const heapLimitBytes = 1024 * mebibyte;

export class ThinLiteRtEngine implements Engine {
  #heap: LiteRtHeap | null = null;

  get heapBytes(): number {
    return this.#heap?.byteLength ?? 0;
  }

  async load(model: Uint8Array): Promise<LoadedModel> {
    this.#heap ??= await LiteRtHeap.create(heapLimitBytes);
    const pointer = this.#heap.allocate(model.length);
    this.#heap.bytes(pointer, model.length).set(model);
    const session = LiteRtSession.create(this.#heap, { pointer, bytes: model.length });
    return loadedOf(session, session.outputs);
  }
}
