// popserve's own session layer, with a model in ORT format as publishing makes it.
import { mebibyte } from '../../../../../registry/mebibytes.ts';
import type { RawTensor } from '../../../../../worker/protocol/raw-frame.ts';
import { Heap } from '../../../../../worker/runtime/heap.ts';
import type { ModelSession } from '../../../../../worker/runtime/loader.ts';
import { Session, type SessionOptions } from '../../../../../worker/runtime/session.ts';
import type { Engine, LoadedModel } from './engine.ts';

const heapLimitBytes = 1024 * mebibyte;

export class SessionEngine implements Engine {
  readonly #profile: SessionOptions['profile'];
  #heap: Heap | null = null;

  constructor(profile: SessionOptions['profile']) {
    this.#profile = profile;
  }

  get heapBytes(): number {
    return this.#heap?.byteLength ?? 0;
  }

  async load(model: Uint8Array): Promise<LoadedModel> {
    this.#heap ??= await Heap.create(heapLimitBytes);
    const heap = this.#heap;
    const pointer = heap.allocate(model.length);
    heap.bytes(pointer, model.length).set(model);
    const options = { format: 'ort', profile: this.#profile, graphOptimization: 'all' } as const;
    const session = Session.create(heap, { pointer, bytes: model.length }, options);
    return loadedOf(session, session.outputs);
  }
}

/** A session of any runtime as the benchmark asks it: every output, copied out of the heap. */
export function loadedOf(session: ModelSession, values: readonly { readonly name: string }[]): LoadedModel {
  const outputs = values.map(({ name }) => name);
  return {
    async run(inputs) {
      return session.run(inputs, outputs, (results) =>
        results.map(({ elementType, shape, data }, index): RawTensor => {
          const name = outputs[index] ?? '';
          if (!(data instanceof Uint8Array)) throw new Error(`output '${name}': expected numbers`);
          return { name, elementType, shape: [...shape], data: data.slice() };
        }),
      );
    },
    async release() {
      session.release();
    },
  };
}
