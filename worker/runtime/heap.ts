// The heap: one instance of the ORT WASM module with its linear memory. Grows no further than its limit, says when it is broken.
// Which sessions live in it is not its business (session.ts); neither is when to replace it (model-cache.ts).

// Relative paths: wrangler does not resolve a bare package path to a .wasm under a CompiledWasm rule.
import ortWasmThreaded, { type OrtModule } from '../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs';
import wasmModule from '../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm';

const wasmPageBytes = 65_536;
/** The heap grows in these steps: small against a model, large enough that growing does not show in a load. */
const growthStepBytes = 1_048_576;
const logNothingButFatal = 4;

/** An allocation that did not fit under the heap's limit. The heap itself is intact. */
export class HeapFullError extends Error {
  override readonly name = 'HeapFullError';
}

/** The module aborted or trapped: its memory can no longer be trusted and nothing may be called in it again. */
export class HeapBrokenError extends Error {
  override readonly name = 'HeapBrokenError';
}

/** ORT's own refusal, with its error code and message (onnxruntime_c_api.h, OrtErrorCode). */
export class OrtError extends Error {
  override readonly name = 'OrtError';
  readonly ortCode: number;
  constructor(ortCode: number, message: string) {
    super(message);
    this.ortCode = ortCode;
  }
}

export class Heap {
  readonly #module: OrtModule;
  readonly #memory: WebAssembly.Memory;
  readonly #growth: Growth;
  readonly #instantiate: () => void;
  #broken: string | null = null;

  private constructor(module: OrtModule, memory: WebAssembly.Memory, growth: Growth, instantiate: () => void) {
    this.#module = module;
    this.#memory = memory;
    this.#growth = growth;
    this.#instantiate = instantiate;
  }

  /**
   * A fresh heap. No bytes are compiled: the module comes precompiled from the bundle, an instance costs 5 to 10 ms and
   * ORT's own start 25 to 30 ms; the memory starts at 16 MiB.
   * @param limitBytes the memory grows to at most this many bytes
   */
  static async create(limitBytes: number): Promise<Heap> {
    const growth: Growth = { limitBytes, refusedBytes: 0, probing: false };
    const table = new FunctionTable();
    let memory: WebAssembly.Memory | undefined;
    let instantiate: (() => WebAssembly.Exports) | undefined;
    const module = await ortWasmThreaded({
      numThreads: 1,
      instantiateWasm(imports, done) {
        memory = adaptImports(imports, growth);
        instantiate = () => {
          const { exports } = new WebAssembly.Instance(wasmModule, imports as WebAssembly.Imports);
          done({ exports: table.standIn(exports) }, wasmModule);
          return exports;
        };
        instantiate();
        return {};
      },
    });
    if (!memory || !instantiate) throw new Error('the ORT module was not instantiated');
    const again = instantiate;
    const heap = new Heap(module, memory, growth, () => runConstructors(module, again()));
    heap.#start();
    return heap;
  }

  /**
   * A fresh heap in the same memory: emptied, with a new instance of the module in it, whose functions the glue takes up as it
   * took up the first one's. Nothing is left to be collected, which V8 may not do for a long time. The memory keeps its size.
   * This heap is broken from then on.
   * @throws Error when the module does not start again; then neither heap can be used
   */
  restarted(): Heap {
    this.#broken ??= 'the heap was restarted';
    new Uint8Array(this.#memory.buffer).fill(0);
    this.#instantiate();
    const heap = new Heap(this.#module, this.#memory, this.#growth, this.#instantiate);
    heap.#start();
    return heap;
  }

  /** Nothing may be done in this heap any more: it was given up. */
  retire(reason: string): void {
    this.#broken ??= reason;
  }

  #start(): void {
    this.call('start onnxruntime', (ort) => ort._OrtInit(1, logNothingButFatal));
  }

  /** Tells the registry when the memory has really been collected, which only the engine decides. */
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

  /** What lies beyond a lowered limit already is not taken back. */
  set limitBytes(bytes: number) {
    this.#growth.limitBytes = bytes;
  }

  /** Why the heap cannot be used any more, or null. */
  get broken(): string | null {
    return this.#broken;
  }

  /**
   * Bytes in use: the memory less the largest block that could be had without growing. Exact up to fragmentation.
   * Probes with about 26 allocations, microseconds each.
   */
  usedBytes(): number {
    this.#growth.probing = true;
    try {
      let fits = 0;
      let tooLarge = this.byteLength;
      while (tooLarge - fits > 256) {
        const size = Math.floor((fits + tooLarge) / 2);
        const pointer = this.#guard(() => this.#module._malloc(size));
        if (pointer === 0) tooLarge = size;
        else {
          this.free(pointer);
          fits = size;
        }
      }
      return this.byteLength - fits;
    } finally {
      this.#growth.probing = false;
    }
  }

  /** @throws HeapFullError when the limit does not allow it */
  allocate(bytes: number): number {
    const pointer = this.#guard(() => this.#module._malloc(Math.max(bytes, 1)));
    if (pointer === 0) throw new HeapFullError(`${mebibytes(bytes)} do not fit: ${this.describe()}`);
    return pointer;
  }

  free(pointer: number): void {
    if (pointer !== 0) this.#silently(() => this.#module._free(pointer));
  }

  /**
   * A view of the memory. Views taken before the memory grows still work, but end where it ended then.
   * @throws HeapBrokenError: the memory may be another heap's by now
   */
  bytes(pointer: number, length: number): Uint8Array {
    if (this.#broken !== null) throw new HeapBrokenError(this.#broken);
    return new Uint8Array(this.#memory.buffer, pointer, length);
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

  /** Bytes of a NUL-terminated string, copied out of the (shared) memory. */
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

  /** Calls a function of ORT that returns 0 for success. */
  call(purpose: string, action: (ort: OrtModule) => number): void {
    if (this.#run(action) !== 0) this.#throwLastError(purpose);
  }

  /** Calls a function of ORT that returns a handle, 0 for failure. */
  handle(purpose: string, action: (ort: OrtModule) => number): number {
    const handle = this.#run(action);
    if (handle === 0) this.#throwLastError(purpose);
    return handle;
  }

  /** Releases a handle; silent, as nothing can be done about a failure. */
  release(action: (ort: OrtModule) => number): void {
    this.#silently(() => action(this.#module));
  }

  /** A trap in here marks the heap as broken, which the next call says. */
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
    return this.#guard(() => action(this.#module));
  }

  /** Anything thrown out of the module (a trap, an abort, a C++ exception as a number, a JS stack overflow) breaks the heap. */
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

  #throwLastError(purpose: string): never {
    const refused = this.#growth.refusedBytes;
    const [code = 0, message = 0] = this.readWords(2, (places) =>
      this.#guard(() => this.#module._OrtGetLastError(places, places + 4)),
    );
    const text = message === 0 ? 'no message' : this.text(message);
    if (refused > 0) {
      throw new HeapFullError(`cannot ${purpose}: it would take a heap of ${mebibytes(refused)}, ${this.describe()}`);
    }
    throw new OrtError(code, `cannot ${purpose}: ${text}`);
  }
}

/**
 * Runs the module's static constructors, which the glue does only once. Their export has a minified name: it is the function
 * that the linker puts first, before that of `_OrtInit`.
 */
function runConstructors(module: OrtModule, exports: WebAssembly.Exports): void {
  const functions = Object.values(exports).filter((value) => typeof value === 'function');
  const [constructors, init] = functions;
  if (init !== module._OrtInit || !constructors || constructors.length !== 0) {
    throw new Error('onnxruntime-web has changed: its static constructors were not found');
  }
  constructors();
}

/**
 * The glue keeps each function that it has taken from the module's table. It gets stand-ins, which call that of the instance that
 * lives now: without them a restarted heap would run functions of the instance before it, with a stack of its own (seen).
 */
class FunctionTable {
  #table: WebAssembly.Table | undefined;
  #functions: ((...args: unknown[]) => unknown)[] = [];

  /** @returns the instance's exports with this in the place of its table */
  standIn(exports: WebAssembly.Exports): WebAssembly.Exports {
    const [name] = Object.entries(exports).find(([, value]) => value instanceof WebAssembly.Table) ?? [];
    if (name === undefined) throw new Error('onnxruntime-web has changed: its table of functions was not found');
    this.#table = exports[name] as WebAssembly.Table;
    this.#functions = [];
    return { ...exports, [name]: this as unknown as WebAssembly.Table };
  }

  get(index: number): (...args: unknown[]) => unknown {
    return (...args) => {
      this.#functions[index] ??= this.#table?.get(index) as (...args: unknown[]) => unknown;
      // biome-ignore lint/plugin: the arguments that one call of the glue came with
      return this.#functions[index]?.(...args);
    };
  }
}

interface Growth {
  limitBytes: number;
  /** Memory size that the last call asked for and was not given; 0 if none was refused. */
  refusedBytes: number;
  /** While set, the memory does not grow at all. */
  probing: boolean;
}

/**
 * Replaces two of the functions that the glue hands to the module, found by what they use as their names are minified:
 * - the one that grows the memory: the glue's own grows by up to 20 % more than asked and knows no limit but 4 GiB;
 * - the thread mailbox: its pending `Atomics.waitAsync` would keep a discarded memory alive for ever, and with one
 *   thread nobody writes to it.
 * The glue itself refreshes its views whenever the memory's buffer has changed.
 */
function adaptImports(imports: Record<string, Record<string, unknown>>, growth: Growth): WebAssembly.Memory {
  let memory: WebAssembly.Memory | undefined;
  let growName: string | undefined;
  let mailboxName: string | undefined;
  const functions = imports.a ?? {};
  for (const [name, value] of Object.entries(functions)) {
    if (value instanceof WebAssembly.Memory) memory = value;
    else if (typeof value === 'function') {
      const source = Function.prototype.toString.call(value);
      if (source.includes('.grow(')) growName = name;
      else if (source.includes('waitAsync')) mailboxName = name;
    }
  }
  if (!memory || !growName || !mailboxName) {
    throw new Error('onnxruntime-web has changed: its memory, memory growth or thread mailbox was not found');
  }
  const found = memory;
  functions[growName] = (wanted: number) => grow(found, growth, wanted >>> 0);
  functions[mailboxName] = () => {};
  return found;
}

function grow(memory: WebAssembly.Memory, growth: Growth, wantedBytes: number): boolean {
  if (growth.probing) return false;
  const target = Math.min(Math.ceil(wantedBytes / growthStepBytes) * growthStepBytes, growth.limitBytes);
  const pages = Math.ceil((target - memory.buffer.byteLength) / wasmPageBytes);
  if (wantedBytes > growth.limitBytes || pages <= 0) {
    growth.refusedBytes = Math.max(growth.refusedBytes, wantedBytes);
    return false;
  }
  try {
    memory.grow(pages);
    return true;
  } catch {
    growth.refusedBytes = Math.max(growth.refusedBytes, wantedBytes);
    return false;
  }
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
