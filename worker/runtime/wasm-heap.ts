// A heap: the linear memory of one instance of a runtime's WASM module. It grows no further than its limit and says when it is broken. What
// is called in the module belongs to the runtime's own heap (heap.ts, litert/heap.ts); when it is replaced, to isolate-heap.ts.
import { mebibytes } from '../../registry/mebibytes.ts';
import type { Growth } from './growth.ts';
import { HeapBrokenError, HeapFullError, HeapLentError } from './heap-errors.ts';
import { type Block, endOf, fillerBytes, fitsInto, isBehind, leastBlockBytes } from './model-place.ts';

/** The largest free block is found up to so much. */
const probeBytes = 256;

/** The functions of malloc that every runtime's module has. */
export interface Allocator {
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

export abstract class WasmHeap {
  protected readonly memory: WebAssembly.Memory;
  protected readonly growth: Growth;
  readonly #allocator: Allocator;
  readonly #runtime: string;
  #broken: string | null = null;
  /** The size of the memory when malloc had last claimed it up to its end. */
  #claimedBytes = 0;
  /** Where the bytes of models lie that were placed apart. */
  readonly #models: number[] = [];

  /** @param runtime its name, for messages */
  constructor(runtime: string, memory: WebAssembly.Memory, growth: Growth, allocator: Allocator) {
    this.#runtime = runtime;
    this.memory = memory;
    this.growth = growth;
    this.#allocator = allocator;
  }

  /** Gives the heap up: every later allocation or call in it throws. */
  retire(reason: string): void {
    this.#broken ??= reason;
  }

  /** Has the registry told when the engine has collected the memory. */
  watchCollection<T>(registry: FinalizationRegistry<T>, token: T): void {
    registry.register(this.memory, token);
  }

  /** Size of the linear memory; it never shrinks. */
  get byteLength(): number {
    return this.memory.buffer.byteLength;
  }

  get limitBytes(): number {
    return this.growth.limitBytes;
  }

  /** Lowering the limit takes nothing back: a memory that is larger already keeps its size. */
  set limitBytes(bytes: number) {
    this.growth.limitBytes = bytes;
  }

  /** Why the heap cannot be used any more, or null. */
  get broken(): string | null {
    return this.#broken;
  }

  /**
   * Bytes in use: the memory less the largest block that can be allocated without growing. Exact up to fragmentation.
   * It probes with about 26 allocations of some microseconds each.
   * @throws {HeapBrokenError} when the heap is broken
   */
  usedBytes(): number {
    this.#claimEnd();
    this.growth.probing = true;
    try {
      return this.byteLength - this.#largestFree(this.byteLength);
    } finally {
      this.growth.probing = false;
    }
  }

  /**
   * Whether there is room for a model and for what its session takes beside it, in the pieces that the others leave.
   * @throws {HeapBrokenError} when the heap is broken
   */
  hasRoom(modelBytes: number, restBytes: number): boolean {
    const free = this.takeFree();
    for (const { pointer } of free) this.free(pointer);
    const end = endOf(free, this.byteLength);
    return fitsInto({ free, end, growsBy: this.limitBytes - this.byteLength }, modelBytes, restBytes);
  }

  /**
   * Takes all free blocks of some size without growing, largest first. The caller frees them.
   * @throws {HeapBrokenError} when the heap is broken
   */
  takeFree(leastBytes: number = leastBlockBytes): Block[] {
    this.#claimEnd();
    return this.#takeFree(leastBytes);
  }

  /** malloc claims the memory in pieces, and knows no free block where it has claimed none: gives it all up to the end. */
  #claimEnd(): void {
    if (this.#claimedBytes === this.byteLength) return;
    for (const { pointer } of this.#takeFree(leastBlockBytes)) this.free(pointer);
    this.#claimedBytes = this.byteLength;
  }

  #takeFree(leastBytes: number): Block[] {
    const taken: Block[] = [];
    this.growth.probing = true;
    try {
      for (let last = this.byteLength; ; ) {
        const bytes = this.#largestFree(last + probeBytes);
        if (bytes < leastBytes) return taken;
        taken.push({ pointer: this.#malloc(bytes), bytes });
        last = bytes;
      }
    } finally {
      this.growth.probing = false;
    }
  }

  /** @param tooLarge no block has so many bytes */
  #largestFree(tooLarge: number): number {
    let fits = 0;
    let limit = tooLarge;
    while (limit - fits > probeBytes) {
      const bytes = Math.floor((fits + limit) / 2);
      const pointer = this.#malloc(bytes);
      if (pointer === 0) limit = bytes;
      else {
        this.free(pointer);
        fits = bytes;
      }
    }
    return fits;
  }

  #malloc(bytes: number): number {
    return this.guard(() => this.#allocator._malloc(bytes));
  }

  /**
   * @throws {HeapFullError} when the limit does not allow it
   * @throws {HeapBrokenError} when the heap is broken
   */
  allocate(bytes: number): number {
    this.growth.lent = false;
    const pointer = this.#malloc(Math.max(bytes, 1));
    if (pointer === 0) throw this.full(`${mebibytes(bytes)} do not fit: ${this.describe()}`);
    return pointer;
  }

  /**
   * Room for the bytes of a model: they stay where they are as long as it does. Where the heap has to grow, it grows by what is missing
   * at its end; malloc alone asks for all of it and leaves the end free.
   * @param apart the model is little else than its bytes: see {@link fillerBytes}. 200 versions of 1 to 20 MiB, two at a time, take
   *   46 MiB so, and 58 where malloc chooses. A model that keeps a rearranged copy of its weights gains nothing by it.
   * @throws {HeapFullError} when the limit does not allow it
   * @throws {HeapBrokenError} when the heap is broken
   */
  allocateModel(bytes: number, apart: boolean): number {
    const free = new Set(this.takeFree());
    const giveBack = (block: Block) => {
      if (free.delete(block)) this.free(block.pointer);
    };
    let filler = 0;
    try {
      const [largest] = free;
      if (largest === undefined || bytes > largest.bytes) {
        const end = endOf(free, this.byteLength);
        const missing = this.#takeMissing(bytes, end);
        giveBack(end);
        for (const pointer of missing) this.free(pointer);
      } else if (apart) {
        giveBack(largest);
        const filled = fillerBytes(largest, this.#models, bytes);
        if (filled > 0) filler = this.allocate(filled);
      } else free.forEach(giveBack);
      const pointer = this.allocate(bytes);
      if (apart) this.#models.push(pointer);
      return pointer;
    } finally {
      this.free(filler);
      free.forEach(giveBack);
    }
  }

  /** Takes more memory at the end: what the free block there is too small by, or all where something small lies behind that block. */
  #takeMissing(bytes: number, end: Block): number[] {
    this.growth.lent = false;
    // It must fit into no block that was too small to be looked for.
    const missing = [this.#malloc(Math.max(bytes - end.bytes, leastBlockBytes))];
    const [first = 0] = missing;
    if (first !== 0 && !isBehind(end, first)) missing.push(this.#malloc(end.bytes));
    if (!missing.includes(0)) return missing;
    this.free(first);
    throw this.full(`${mebibytes(bytes)} do not fit: ${this.describe()}`);
  }

  free(pointer: number): void {
    const model = this.#models.indexOf(pointer);
    if (model >= 0) this.#models.splice(model, 1);
    if (pointer !== 0) this.silently(() => this.#allocator._free(pointer));
  }

  /**
   * A view of the memory, valid until the memory grows: growth detaches every view taken before.
   * @throws {HeapBrokenError} when the heap is broken: the memory may belong to another heap by now
   */
  bytes(pointer: number, length: number): Uint8Array {
    if (this.#broken !== null) throw new HeapBrokenError(this.#broken);
    return new Uint8Array(this.memory.buffer, pointer, length);
  }

  describe(): string {
    return `heap of ${mebibytes(this.byteLength)}, limit ${mebibytes(this.limitBytes)}`;
  }

  /** Throws nothing: a trap marks the heap as broken, and the next call reports that. */
  protected silently(action: () => unknown): void {
    if (this.#broken !== null) return;
    try {
      this.guard(action);
    } catch (error) {
      if (!(error instanceof HeapBrokenError)) throw error;
    }
  }

  /** Whatever is thrown out of the module (a trap, an abort, a C++ exception as a number, a JS stack overflow) breaks the heap. */
  protected guard<T>(action: () => T): T {
    if (this.#broken !== null) throw new HeapBrokenError(this.#broken);
    try {
      return action();
    } catch (error) {
      const cause = error instanceof Error ? error.message : `an exception that ${this.#runtime} did not catch`;
      const refused = this.growth.refusedBytes;
      this.#broken =
        refused > 0 ? `out of memory (asked for ${mebibytes(refused)}, ${this.describe()}): ${cause}` : cause;
      throw new HeapBrokenError(this.#broken);
    }
  }

  protected full(message: string): HeapFullError {
    return this.growth.lent
      ? new HeapLentError(`${message}; requests being answered hold the rest`)
      : new HeapFullError(message);
  }
}
