// The one heap of an isolate: made at first use, replaced when it is broken. A replaced heap counts against the budget
// until its memory has really been collected.
import { Heap } from './heap.ts';

/** Below this a fresh heap would be of no use: ORT itself takes about 12 MiB. */
const smallestHeapBytes = 17 * 1_048_576;

export class IsolateHeap {
  readonly #budgetBytes: number;
  readonly #discarded = new Map<number, number>();
  readonly #collected = new FinalizationRegistry<number>((id) => this.#discarded.delete(id));
  #current: Promise<Heap> | null = null;
  #live: Heap | null = null;
  #emptyBytes = 0;
  #replacements = 0;

  /** @param budgetBytes for this heap and all discarded ones together */
  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** The heap, started if there is none that works. */
  async current(): Promise<Heap> {
    if (this.#live && this.#live.broken !== null) this.discard();
    this.#current ??= this.#start();
    return await this.#current;
  }

  /** The heap if it is running, without starting one. */
  get live(): Heap | null {
    return this.#live;
  }

  /** What ORT itself takes of a fresh heap. */
  get emptyBytes(): number {
    return this.#emptyBytes;
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

  /** Gives the heap up with all that lives in it; the next `current` starts a fresh one. */
  discard(): void {
    const heap = this.#live;
    this.#current = null;
    this.#live = null;
    if (!heap) return;
    const id = ++this.#replacements;
    this.#discarded.set(id, heap.byteLength);
    heap.watchCollection(this.#collected, id);
  }

  async #start(): Promise<Heap> {
    try {
      const limitBytes = Math.max(this.#budgetBytes - this.discardedBytes, smallestHeapBytes);
      const heap = await Heap.create(limitBytes);
      this.#emptyBytes = heap.usedBytes();
      this.#live = heap;
      return heap;
    } catch (error) {
      this.#current = null;
      throw error;
    }
  }
}
