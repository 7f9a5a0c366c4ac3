// A uniform sample of a stream of unknown length: each item gets a random tag, and the k smallest tags stay. Like Vitter's
// algorithm R it holds k items and each of n with the chance k/n (J. S. Vitter, Random sampling with a reservoir, ACM TOMS 11(1),
// 1985); unlike it, samples of parts of the stream can be put together: the k smallest tags of a whole are among the k
// smallest of its parts, in any order and any split (E. Cohen, H. Kaplan, Summarizing data using bottom-k sketches, PODC 2007).

interface Entry<T> {
  readonly tag: number;
  /** Null: taken already; its tag goes on to hold the place. */
  item: T | null;
}

export interface Tagged<T> {
  /** Even over [0, 1). */
  readonly tag: number;
  readonly item: T;
}

export class Reservoir<T> {
  readonly #size: number;
  /** By tag, the smallest first. */
  readonly #entries: Entry<T>[] = [];

  /** @param size k, 1 or more */
  constructor(size: number) {
    this.#size = size;
  }

  /** Whether an item with this tag would stay for now. */
  accepts(tag: number): boolean {
    return this.#entries.length < this.#size || tag < (this.#entries[this.#size - 1]?.tag ?? 1);
  }

  add(tag: number, item: T): void {
    if (!this.accepts(tag)) return;
    let at = this.#entries.length;
    while (at > 0 && tag < (this.#entries[at - 1]?.tag ?? 0)) at--;
    this.#entries.splice(at, 0, { tag, item });
    if (this.#entries.length > this.#size) this.#entries.pop();
  }

  /** Moves out the items that came since the last call. What comes later still has to be among the k smallest of all. */
  take(): Tagged<T>[] {
    const taken: Tagged<T>[] = [];
    for (const entry of this.#entries) {
      if (entry.item !== null) taken.push({ tag: entry.tag, item: entry.item });
      entry.item = null;
    }
    return taken;
  }
}
