// The heap: one instance of the ORT WASM module with its linear memory. It grows no further than its limit and says when it is
// broken. It does not know which sessions live in it (session.ts), nor when it is to be replaced (isolate-heap.ts).

import { mebibytes } from '../../registry/mebibytes.ts';
import { HeapBrokenError, HeapFullError, HeapLentError, OrtError } from './heap-errors.ts';
import { type Block, endOf, fillerBytes, fitsInto, isBehind, leastBlockBytes } from './model-place.ts';
import { type Growth, instantiateOrt, type OrtInstance, type OrtModule } from './ort-module.ts';

const logNothingButFatal = 4;
/** The largest free block is found up to so much. */
const probeBytes = 256;

export class Heap {
  readonly #instance: OrtInstance;
  readonly #module: OrtModule;
  readonly #memory: WebAssembly.Memory;
  readonly #growth: Growth;
  #broken: string | null = null;
  #allWords = new Uint32Array();
  /** The size of the memory when malloc had last claimed it up to its end. */
  #claimedBytes = 0;
  /** Where the bytes of models lie that were placed apart. */
  readonly #models: number[] = [];

  private constructor(instance: OrtInstance) {
    this.#instance = instance;
    this.#module = instance.module;
    this.#memory = instance.memory;
    this.#growth = instance.growth;
  }

  /**
   * A fresh heap. No bytes are compiled: the module comes precompiled from the bundle, an instance costs 5 to 10 ms and
   * ORT's own start 25 to 30 ms; the memory starts at 16 MiB.
   * @param limitBytes the memory grows to at most this many bytes
   * @param options.maximumBytes the limit can be raised to at most this; V8 itself lets the memory grow no further
   * @param options.roomBytes how large the memory may be now, asked whenever it is to grow
   */
  static async create(
    limitBytes: number,
    options: { readonly maximumBytes?: number; readonly roomBytes?: (wantedBytes: number) => number } = {},
  ): Promise<Heap> {
    const { maximumBytes = limitBytes, roomBytes = () => Number.POSITIVE_INFINITY } = options;
    const heap = new Heap(await instantiateOrt({ limitBytes, maximumBytes, roomBytes }));
    heap.#start();
    return heap;
  }

  /**
   * A fresh heap in the same memory: the memory is emptied, and a new instance of the module lives in it. So nothing has to be
   * collected, for which V8 may take a long time. The memory keeps its size. This heap is broken from then on.
   * @throws {Error} when the module does not start again; then neither heap can be used
   */
  restarted(): Heap {
    this.#broken ??= 'the heap was restarted';
    new Uint8Array(this.#memory.buffer).fill(0);
    this.#instance.instantiateAgain();
    const heap = new Heap(this.#instance);
    heap.#start();
    return heap;
  }

  /** Gives the heap up: every later allocation or call in it throws. */
  retire(reason: string): void {
    this.#broken ??= reason;
  }

  #start(): void {
    this.call('start onnxruntime', (ort) => ort._OrtInit(1, logNothingButFatal));
  }

  /** Has the registry told when the engine has collected the memory. */
  watchCollection<T>(registry: FinalizationRegistry<T>, token: T): void {
    registry.register(this.#memory, token);
  }

  /** Size of the linear memory; it never shrinks. */
  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  get limitBytes(): number {
    return this.#growth.limitBytes;
  }

  /** Lowering the limit takes nothing back: a memory that is larger already keeps its size. */
  set limitBytes(bytes: number) {
    this.#growth.limitBytes = bytes;
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
    this.#growth.probing = true;
    try {
      return this.byteLength - this.#largestFree(this.byteLength);
    } finally {
      this.#growth.probing = false;
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
    this.#growth.probing = true;
    try {
      for (let last = this.byteLength; ; ) {
        const bytes = this.#largestFree(last + probeBytes);
        if (bytes < leastBytes) return taken;
        taken.push({ pointer: this.#malloc(bytes), bytes });
        last = bytes;
      }
    } finally {
      this.#growth.probing = false;
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
    return this.#guard(() => this.#module._malloc(bytes));
  }

  /**
   * @throws {HeapFullError} when the limit does not allow it
   * @throws {HeapBrokenError} when the heap is broken
   */
  allocate(bytes: number): number {
    this.#growth.lent = false;
    const pointer = this.#malloc(Math.max(bytes, 1));
    if (pointer === 0) throw this.#full(`${mebibytes(bytes)} do not fit: ${this.describe()}`);
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
    this.#growth.lent = false;
    // It must fit into no block that was too small to be looked for.
    const missing = [this.#malloc(Math.max(bytes - end.bytes, leastBlockBytes))];
    const [first = 0] = missing;
    if (first !== 0 && !isBehind(end, first)) missing.push(this.#malloc(end.bytes));
    if (!missing.includes(0)) return missing;
    this.free(first);
    throw this.#full(`${mebibytes(bytes)} do not fit: ${this.describe()}`);
  }

  free(pointer: number): void {
    const model = this.#models.indexOf(pointer);
    if (model >= 0) this.#models.splice(model, 1);
    if (pointer !== 0) this.#silently(() => this.#module._free(pointer));
  }

  /**
   * A view of the memory, valid until the memory grows: growth detaches every view taken before.
   * @throws {HeapBrokenError} when the heap is broken: the memory may belong to another heap by now
   */
  bytes(pointer: number, length: number): Uint8Array {
    if (this.#broken !== null) throw new HeapBrokenError(this.#broken);
    return new Uint8Array(this.#memory.buffer, pointer, length);
  }

  /** The 32-bit word at a pointer: no view is made for it. */
  word(pointer: number): number {
    return this.#wordsOfAll()[pointer >>> 2] ?? 0;
  }

  setWord(pointer: number, value: number): void {
    this.#wordsOfAll()[pointer >>> 2] = value;
  }

  /** Made anew when the memory has grown. */
  #wordsOfAll(): Uint32Array {
    const { buffer } = this.#memory;
    if (this.#allWords.buffer !== buffer) this.#allWords = new Uint32Array(buffer);
    return this.#allWords;
  }

  words(pointer: number, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, pointer, length);
  }

  /** Reads 32-bit words that a call writes into `count` places. */
  readWords(count: number, write: (places: number) => void): Uint32Array {
    const places = this.allocate(count * 4);
    try {
      this.words(places, count).fill(0);
      write(places);
      return this.words(places, count).slice();
    } finally {
      this.free(places);
    }
  }

  /** Bytes of a NUL-terminated string, copied out of the memory. */
  cString(pointer: number): Uint8Array {
    const all = new Uint8Array(this.#memory.buffer);
    const end = all.indexOf(0, pointer);
    return all.slice(pointer, end);
  }

  text(pointer: number): string {
    return new TextDecoder().decode(this.cString(pointer));
  }

  /** Allocates a NUL-terminated copy. */
  allocateText(text: string): number {
    const encoded = new TextEncoder().encode(text);
    const pointer = this.allocate(encoded.length + 1);
    const target = this.bytes(pointer, encoded.length + 1);
    target.set(encoded);
    target[encoded.length] = 0;
    return pointer;
  }

  /**
   * Calls a function of ORT that returns 0 for success.
   * @throws {OrtError} when ORT refuses
   * @throws {HeapFullError} when ORT asked for more memory than the limit allows
   * @throws {HeapBrokenError} when the module traps or aborts
   */
  call(purpose: string, action: (ort: OrtModule) => number): void {
    if (this.#run(action) !== 0) this.#throwLastError(purpose);
  }

  /**
   * Calls a function of ORT that returns a handle, or 0 for failure.
   * @throws {OrtError} when ORT refuses
   * @throws {HeapFullError} when ORT asked for more memory than the limit allows
   * @throws {HeapBrokenError} when the module traps or aborts
   */
  handle(purpose: string, action: (ort: OrtModule) => number): number {
    const handle = this.#run(action);
    if (handle === 0) this.#throwLastError(purpose);
    return handle;
  }

  /** Releases a handle. Silent, because nothing can be done about a failure. */
  release(action: (ort: OrtModule) => number): void {
    this.#silently(() => action(this.#module));
  }

  /** Throws nothing: a trap marks the heap as broken, and the next call reports that. */
  #silently(action: () => unknown): void {
    if (this.#broken !== null) return;
    try {
      this.#guard(action);
    } catch (error) {
      if (!(error instanceof HeapBrokenError)) throw error;
    }
  }

  describe(): string {
    return `heap of ${mebibytes(this.byteLength)}, limit ${mebibytes(this.limitBytes)}`;
  }

  #run(action: (ort: OrtModule) => number): number {
    this.#growth.refusedBytes = 0;
    this.#growth.lent = false;
    return this.#guard(() => action(this.#module));
  }

  /** Whatever is thrown out of the module (a trap, an abort, a C++ exception as a number, a JS stack overflow) breaks the heap. */
  #guard<T>(action: () => T): T {
    if (this.#broken !== null) throw new HeapBrokenError(this.#broken);
    try {
      return action();
    } catch (error) {
      const cause = error instanceof Error ? error.message : 'an exception that onnxruntime did not catch';
      const refused = this.#growth.refusedBytes;
      this.#broken =
        refused > 0 ? `out of memory (asked for ${mebibytes(refused)}, ${this.describe()}): ${cause}` : cause;
      throw new HeapBrokenError(this.#broken);
    }
  }

  #full(message: string): HeapFullError {
    return this.#growth.lent
      ? new HeapLentError(`${message}; requests being answered hold the rest`)
      : new HeapFullError(message);
  }

  #throwLastError(purpose: string): never {
    const refused = this.#growth.refusedBytes;
    const [code = 0, message = 0] = this.readWords(2, (places) =>
      this.#guard(() => this.#module._OrtGetLastError(places, places + 4)),
    );
    const text = message === 0 ? 'no message' : this.text(message);
    if (refused > 0) {
      throw this.#full(
        `cannot ${purpose}: it would take a heap of ${mebibytes(refused)}, limit ${mebibytes(this.limitBytes)}`,
      );
    }
    throw new OrtError(code, `cannot ${purpose}: ${text}`);
  }
}
