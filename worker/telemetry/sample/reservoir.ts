// A uniform sample of a stream of unknown length: each item gets a random tag, and the items with the k smallest tags stay. Like
// Vitter's algorithm R it holds k items, each of n with the chance k/n (J. S. Vitter, Random sampling with a reservoir, ACM TOMS
// 11(1), 1985). Unlike with algorithm R, samples of parts of the stream can be merged: the k smallest tags of a whole are among
// the k smallest of its parts, in any order and any split (E. Cohen, H. Kaplan, Summarizing data using bottom-k sketches, PODC
// 2007).

interface Entry<T> {
  readonly tag: number;
  /** Null once it was taken; its tag still holds the place. */
  item: T | null;
}

export interface Tagged<T> {
  /** Uniform over [0, 1). */
  readonly tag: number;
  readonly item: T;
}

export class Reservoir<T> {
  readonly #size: number;
  /** Ordered by tag, the smallest first. */
  readonly #entries: Entry<T>[] = [];

  /** @param size the number of items that stay, at least 1 */
  constructor(size: number) {
    this.#size = size;
  }

  /** Whether an item with this tag is among the smallest so far. */
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

  /** The items that were not taken yet. */
  *items(): Generator<T, void> {
    for (const { item } of this.#entries) if (item !== null) yield item;
  }

  /** Moves out the items that came since the last call. Later items still have to be among the k smallest of all. */
  take(): Tagged<T>[] {
    const taken: Tagged<T>[] = [];
    for (const entry of this.#entries) {
      if (entry.item !== null) taken.push({ tag: entry.tag, item: entry.item });
      entry.item = null;
    }
    return taken;
  }
}
