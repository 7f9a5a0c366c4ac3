// onnxruntime's heap: one instance of its WASM module, and how it is called. Which sessions live in it is not its business (session.ts).
import { mebibytes } from '../../registry/mebibytes.ts';
import { OrtError } from './heap-errors.ts';
import { instantiateOrt, type OrtInstance, type OrtModule } from './ort-module.ts';
import { WasmHeap } from './wasm-heap.ts';

const logNothingButFatal = 4;

export class Heap extends WasmHeap {
  readonly #instance: OrtInstance;
  readonly #module: OrtModule;
  #allWords = new Uint32Array();

  private constructor(instance: OrtInstance) {
    super('onnxruntime', instance.memory, instance.growth, instance.module);
    this.#instance = instance;
    this.#module = instance.module;
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
    this.retire('the heap was restarted');
    new Uint8Array(this.memory.buffer).fill(0);
    this.#instance.instantiateAgain();
    const heap = new Heap(this.#instance);
    heap.#start();
    return heap;
  }

  #start(): void {
    this.call('start onnxruntime', (ort) => ort._OrtInit(1, logNothingButFatal));
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
    const { buffer } = this.memory;
    if (this.#allWords.buffer !== buffer) this.#allWords = new Uint32Array(buffer);
    return this.#allWords;
  }

  words(pointer: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, pointer, length);
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
    const all = new Uint8Array(this.memory.buffer);
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
    this.silently(() => action(this.#module));
  }

  #run(action: (ort: OrtModule) => number): number {
    this.growth.refusedBytes = 0;
    this.growth.lent = false;
    return this.guard(() => action(this.#module));
  }

  #throwLastError(purpose: string): never {
    const refused = this.growth.refusedBytes;
    const [code = 0, message = 0] = this.readWords(2, (places) =>
      this.guard(() => this.#module._OrtGetLastError(places, places + 4)),
    );
    const text = message === 0 ? 'no message' : this.text(message);
    if (refused > 0) {
      throw this.full(
        `cannot ${purpose}: it would take a heap of ${mebibytes(refused)}, limit ${mebibytes(this.limitBytes)}`,
      );
    }
    throw new OrtError(code, `cannot ${purpose}: ${text}`);
  }
}
