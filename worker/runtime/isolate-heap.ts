// The one heap of an isolate: made at first use, started again in its own memory when it is broken, and given up for a smaller one
// when it has grown far beyond what lives in it. A heap that was given up counts against the budget until its memory is collected.
import { mebibyte } from '../../registry/mebibytes.ts';
import type { WasmHeap } from './wasm-heap.ts';

/** A runtime's heap, which can be started again in its own memory. */
type Restartable<H> = WasmHeap & { restarted(): H | Promise<H> };

export interface HeapGrowth {
  /** The limit can be raised to at most this. */
  readonly maximumBytes: number;
  /** How large the memory may be now, asked whenever it is to grow. */
  readonly roomBytes: (wantedBytes: number) => number;
}

export interface IsolateHeapOptions<H> {
  /** Starts a fresh heap of the runtime. */
  readonly create: (limitBytes: number, growth: HeapGrowth) => Promise<H>;
  /** For this heap and all discarded ones together. */
  readonly budgetBytes: number;
  /** How much of that may be taken now, asked whenever the heap is to grow, with what it is to have. */
  readonly roomBytes?: (wantedBytes: number) => number;
  /** A heap that is being started already; taken as the first one if it has the same budget. */
  readonly early?: EarlyStart<H> | null;
}

interface EarlyStart<H> {
  readonly budgetBytes: number;
  /** @returns null if it did not start */
  take(roomBytes: (wantedBytes: number) => number): Promise<H | null>;
}

/** A smaller heap would be useless: a runtime itself takes up to 12 MiB, and LiteRT's memory starts with 16.8. */
const smallestHeapBytes = 17 * mebibyte;
/** Regaining less than this is not worth loading the models again. */
const leastWorthBytes = 16 * mebibyte;
/** The memory that the module starts with. It is counted before the first start too, which must not wait for requests to end. */
const firstBytes = 16 * mebibyte;

export class IsolateHeap<H extends Restartable<H>> {
  readonly #create: IsolateHeapOptions<H>['create'];
  readonly #budgetBytes: number;
  readonly #roomBytes: (wantedBytes: number) => number;
  #early: EarlyStart<H> | null;
  readonly #discarded = new Map<number, number>();
  readonly #collected = new FinalizationRegistry<number>((id) => this.#forget(id));
  #current: Promise<H> | null = null;
  #live: H | null = null;
  /** A broken heap whose memory the next one takes over. */
  #spent: H | null = null;
  #emptyBytes = 0;
  #replacements = 0;
  #startMs = 0;

  constructor({ create, budgetBytes, roomBytes = () => budgetBytes, early = null }: IsolateHeapOptions<H>) {
    this.#create = create;
    this.#budgetBytes = budgetBytes;
    this.#roomBytes = roomBytes;
    this.#early = early?.budgetBytes === budgetBytes ? early : null;
  }

  /**
   * The heap. It is started if there is none that works.
   * @throws {Error} when the module does not start
   */
  async current(): Promise<H> {
    if (this.#live && this.#live.broken !== null) this.replace();
    this.#current ??= this.#start();
    return await this.#current;
  }

  /** The heap if it is running, without starting one. */
  get live(): H | null {
    return this.#live;
  }

  /** Bytes that the runtime itself takes of a fresh heap. */
  get emptyBytes(): number {
    return this.#emptyBytes;
  }

  /** The size of its memory, that of a broken heap whose memory waits for the next one included. */
  get byteLength(): number {
    return (this.#live ?? this.#spent)?.byteLength ?? firstBytes;
  }

  get budgetBytes(): number {
    return this.#budgetBytes;
  }

  /** Memory of heaps that were given up and not yet collected. */
  get discardedBytes(): number {
    let sum = 0;
    for (const bytes of this.#discarded.values()) sum += bytes;
    return sum;
  }

  get replacements(): number {
    return this.#replacements;
  }

  /** How long the last start took, milliseconds. */
  get startMs(): number {
    return this.#startMs;
  }

  /** Ends the heap with all that lives in it; the next `current` starts a fresh one in the same memory. */
  replace(): void {
    if (!this.#live) return;
    this.#live.retire('the heap was replaced');
    this.#spent = this.#live;
    this.#current = null;
    this.#live = null;
    this.#replacements++;
  }

  /**
   * Gives the heap up for a smaller one, if it is far larger than what is to live in it and both fit into the budget: V8 may take a
   * long time to collect the old one's memory, which counts until then.
   * @param wantedBytes what is to live in the heap, the runtime itself included
   * @returns whether the heap was given up, with all that lived in it
   */
  shrink(wantedBytes: number): boolean {
    const heap = this.#live;
    if (!heap || heap.byteLength < 2 * wantedBytes + leastWorthBytes) return false;
    const rest = this.#budgetBytes - this.discardedBytes - heap.byteLength;
    if (rest < Math.max(2 * wantedBytes, smallestHeapBytes)) return false;
    this.#current = null;
    this.#live = null;
    heap.retire('the heap was given up for a smaller one');
    this.#discard(heap);
    return true;
  }

  #discard(heap: H): void {
    const id = ++this.#replacements;
    this.#discarded.set(id, heap.byteLength);
    heap.watchCollection(this.#collected, id);
  }

  #forget(id: number): void {
    this.#discarded.delete(id);
    if (this.#live) this.#live.limitBytes = this.#budgetBytes - this.discardedBytes;
  }

  async #start(): Promise<H> {
    const started = performance.now();
    const spent = this.#spent;
    this.#spent = null;
    try {
      const limitBytes = this.#budgetBytes - this.discardedBytes;
      const heap = (spent && (await this.#restart(spent))) ?? (await this.#begin(limitBytes));
      // Heaps collected while this one was created could not update its limit; do so now.
      heap.limitBytes = this.#budgetBytes - this.discardedBytes;
      this.#emptyBytes = heap.usedBytes();
      this.#live = heap;
      this.#startMs = performance.now() - started;
      return heap;
    } catch (error) {
      this.#current = null;
      throw error;
    }
  }

  async #begin(limitBytes: number): Promise<H> {
    const growBytes = (wantedBytes: number) => this.#roomBytes(wantedBytes + this.discardedBytes) - this.discardedBytes;
    const early = this.#early;
    this.#early = null;
    const started = (await early?.take(growBytes)) ?? null;
    if (started !== null) return started;
    return await this.#create(limitBytes, { maximumBytes: this.#budgetBytes, roomBytes: growBytes });
  }

  /** @returns null if the module does not start again in that memory; then the memory is given up */
  async #restart(spent: H): Promise<H | null> {
    try {
      return await spent.restarted();
    } catch {
      this.#discard(spent);
      return null;
    }
  }
}
