// One runtime in the inspection Worker: its heap, made when it is asked for and anew once it is broken, and the sessions in it.
import { mebibyte } from '../../../registry/mebibytes.ts';
import type { RuntimeInput, RuntimeTensor } from '../../../worker/runtime/runtime-tensor.ts';
import type { HeapBlock } from '../../../worker/runtime/session.ts';

export interface InspectedHeap {
  readonly byteLength: number;
  readonly limitBytes: number;
  readonly broken: string | null;
  usedBytes(): number;
  takeFree(leastBytes: number): unknown;
  /** @param apart for a model that keeps no rearranged copy of its weights */
  allocateModel(bytes: number, apart: boolean): number;
  bytes(pointer: number, length: number): Uint8Array;
}

export interface ValueOfSession {
  readonly name: string;
  readonly elementType: number;
  readonly shape: readonly (number | string)[];
}

export interface SessionOfEngine {
  readonly inputs: readonly ValueOfSession[];
  readonly outputs: readonly ValueOfSession[];
  run<T>(inputs: readonly RuntimeInput[], outputNames: readonly string[], read: (outputs: RuntimeTensor[]) => T): T;
  release(): void;
}

/** How a runtime is started, started again in its own memory, and given a model. */
export interface EngineParts<H extends InspectedHeap> {
  createHeap(limitBytes: number): Promise<H>;
  restarted(heap: H): H | Promise<H>;
  /** @param option reads an option of the load by its name */
  createSession(heap: H, block: HeapBlock, option: (name: string) => string | undefined): SessionOfEngine;
}

export interface Inspected {
  readonly session: SessionOfEngine;
  readonly heap: InspectedHeap;
  readonly createMs: number;
  /** In use before the model came. */
  readonly emptyBytes: number;
}

export class InspectedEngine<H extends InspectedHeap = InspectedHeap> {
  readonly #parts: EngineParts<H>;
  /** Those in the present heap: they end with it. */
  readonly #sessions = new Map<string, Inspected>();
  #heap: H | null = null;
  #limitMib: number | null = null;

  constructor(parts: EngineParts<H>) {
    this.#parts = parts;
  }

  /** @param limitMib where no other limit was set when the last heap was dropped */
  async heap(limitMib: number): Promise<H> {
    if (this.#heap === null || this.#heap.broken !== null) {
      this.#sessions.clear();
      this.#heap = await this.#parts.createHeap((this.#limitMib ?? limitMib) * mebibyte);
    }
    return this.#heap;
  }

  async restart(limitMib: number): Promise<H> {
    this.#heap = await this.#parts.restarted(await this.heap(limitMib));
    this.#sessions.clear();
    return this.#heap;
  }

  /** @param limitMib of the next heap; null: as usual */
  drop(limitMib: number | null): void {
    this.#limitMib = limitMib;
    this.#heap = null;
    this.#sessions.clear();
  }

  session(id: string): Inspected | undefined {
    return this.#sessions.get(id);
  }

  /** @returns whether there was one */
  release(id: string): boolean {
    this.#sessions.get(id)?.session.release();
    return this.#sessions.delete(id);
  }

  /** @param options.fill takes what is free first, so that all that the model needs shows as growth */
  async load(
    id: string,
    model: Uint8Array,
    options: { readonly limitMib: number; readonly fill: boolean },
    option: (name: string) => string | undefined,
  ): Promise<Inspected> {
    const heap = await this.heap(options.limitMib);
    // What it grows by afterwards is what a model needs where others have taken the holes before it; without this a small model hides
    // in the 7 MiB that a fresh heap has free.
    if (options.fill) heap.takeFree(4096);
    const emptyBytes = heap.usedBytes();
    const pointer = heap.allocateModel(model.length, option('profile') === 'lean');
    heap.bytes(pointer, model.length).set(model);
    const started = performance.now();
    const session = this.#parts.createSession(heap, { pointer, bytes: model.length }, option);
    const inspected = { session, heap, emptyBytes, createMs: performance.now() - started };
    this.#sessions.set(id, inspected);
    return inspected;
  }
}
