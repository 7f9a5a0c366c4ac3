// LiteRT's heap: one instance of its WASM module, and how it is called. Which sessions live in it is not its business (session.ts).
import { mebibytes } from '../../../registry/mebibytes.ts';
import { type Growth, growthOf } from '../growth.ts';
import { RefusedError } from '../heap-errors.ts';
import { WasmHeap } from '../wasm-heap.ts';
import { createLiteRtMemory, instantiateLiteRt, type LiteRtInstance, type LiteRtModule } from './litert-module.ts';
import type { GlueObject } from './module/litert_wasm_internal.mjs';

export class LiteRtHeap extends WasmHeap {
  readonly #module: LiteRtModule;
  readonly #errors: string[];
  #environment: GlueObject | null = null;

  private constructor(memory: WebAssembly.Memory, growth: Growth, { module, errors }: LiteRtInstance) {
    super('LiteRT', memory, growth, module);
    this.#module = module;
    this.#errors = errors;
  }

  /**
   * A fresh heap. No bytes are compiled: the module comes precompiled from the bundle. The memory starts at 16.8 MiB.
   * @param limitBytes the memory grows to at most this many bytes
   * @param options.maximumBytes the limit can be raised to at most this; V8 itself lets the memory grow no further
   * @param options.roomBytes how large the memory may be now, asked whenever it is to grow
   */
  static async create(
    limitBytes: number,
    options: { readonly maximumBytes?: number; readonly roomBytes?: (wantedBytes: number) => number } = {},
  ): Promise<LiteRtHeap> {
    const { maximumBytes = limitBytes, roomBytes = () => Number.POSITIVE_INFINITY } = options;
    const growth = growthOf({ limitBytes, maximumBytes, roomBytes });
    return await LiteRtHeap.#start(createLiteRtMemory(maximumBytes), growth);
  }

  static async #start(memory: WebAssembly.Memory, growth: Growth): Promise<LiteRtHeap> {
    const heap = new LiteRtHeap(memory, growth, await instantiateLiteRt(memory, growth));
    heap.#environment = heap.call('start LiteRT', ({ LiteRtEnvironment }) => LiteRtEnvironment.create(null));
    return heap;
  }

  /**
   * A fresh heap in the same memory: the memory is emptied, and a new instance of the module lives in it. So nothing has to be
   * collected, for which V8 may take a long time. The memory keeps its size. This heap is broken from then on.
   * @throws {Error} when the module does not start again; then neither heap can be used
   */
  async restarted(): Promise<LiteRtHeap> {
    this.retire('the heap was restarted');
    new Uint8Array(this.memory.buffer).fill(0);
    return await LiteRtHeap.#start(this.memory, this.growth);
  }

  /** What models and tensors are made in. */
  get environment(): GlueObject {
    if (this.#environment === null) throw new Error('LiteRT was not started');
    return this.#environment;
  }

  /**
   * Grows the memory until a call can take so many bytes in one piece. LiteRT does not always notice that it got none, so a call that
   * lacked memory breaks the heap; one for which room was reserved does not lack it.
   * @throws {HeapFullError} when the limit does not allow it
   * @throws {HeapBrokenError} when the heap is broken
   */
  reserve(bytes: number): void {
    if (bytes > 0) this.free(this.allocate(bytes));
  }

  /**
   * Calls functions of LiteRT. It tells some failures by refusing and others in its log alone, with a result of no use.
   * @throws {RefusedError} when LiteRT refuses
   * @throws {HeapFullError} when it asked for more memory than the limit allows; the heap is broken then
   * @throws {HeapBrokenError} when the module traps or aborts
   */
  call<T>(purpose: string, action: (litert: LiteRtModule) => T): T {
    const { growth } = this;
    growth.refusedBytes = 0;
    growth.lent = false;
    this.#errors.length = 0;
    const outcome = this.guard(() => this.#attempt(action));
    if (growth.refusedBytes > 0) {
      const cause = `cannot ${purpose}: it would take a heap of ${mebibytes(growth.refusedBytes)}, limit ${mebibytes(this.limitBytes)}`;
      this.retire(`out of memory: ${cause}`);
      throw this.full(cause);
    }
    if (outcome instanceof RefusedError || this.#errors.length > 0) {
      const reasons = outcome instanceof RefusedError ? [outcome.message, ...this.#errors] : this.#errors;
      throw new RefusedError(`cannot ${purpose}: ${reasons.join('; ')}`);
    }
    return outcome;
  }

  #attempt<T>(action: (litert: LiteRtModule) => T): T | RefusedError {
    const stack = this.#module.stackSave();
    try {
      return action(this.#module);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#module.stackRestore(stack);
      return error;
    }
  }

  /** Deletes objects of LiteRT. Silent, because nothing can be done about a failure. */
  release(objects: readonly GlueObject[]): void {
    for (const object of objects) this.silently(() => object.delete());
  }
}
