// The merges that are possible in a word, the one of the lowest rank first, and of equal ranks the leftmost: a binary heap.
import { doubled } from './doubled.ts';
import { none } from './vocabulary.ts';

export class MergeQueue {
  /** What the merge that was popped last makes. */
  poppedResult: number = none;
  #length = 0;
  #ranks = new Int32Array(64);
  #places = new Int32Array(64);
  #results = new Int32Array(64);

  clear(): void {
    this.#length = 0;
    // A very long word leaves no memory behind.
    if (this.#ranks.length <= mostKept) return;
    this.#ranks = new Int32Array(mostKept);
    this.#places = new Int32Array(mostKept);
    this.#results = new Int32Array(mostKept);
  }

  push(rank: number, place: number, result: number): void {
    if (this.#length === this.#ranks.length) {
      this.#ranks = doubled(this.#ranks);
      this.#places = doubled(this.#places);
      this.#results = doubled(this.#results);
    }
    let index = this.#length;
    this.#length += 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(rank, place, parent)) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#set(index, rank, place, result);
  }

  /** @returns the place of the first merge, or -1 */
  pop(): number {
    if (this.#length === 0) return none;
    const first = this.#places[0] ?? none;
    this.poppedResult = this.#results[0] ?? none;
    this.#length -= 1;
    const rank = this.#ranks[this.#length] ?? 0;
    const place = this.#places[this.#length] ?? 0;
    const result = this.#results[this.#length] ?? 0;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#length) break;
      const other = child + 1;
      if (other < this.#length && this.#isBefore(this.#ranks[other] ?? 0, this.#places[other] ?? 0, child))
        child = other;
      if (this.#isBefore(rank, place, child)) break;
      this.#move(child, index);
      index = child;
    }
    this.#set(index, rank, place, result);
    return first;
  }

  #isBefore(rank: number, place: number, index: number): boolean {
    const other = this.#ranks[index] ?? 0;
    return rank < other || (rank === other && place < (this.#places[index] ?? 0));
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#ranks[from] ?? 0, this.#places[from] ?? 0, this.#results[from] ?? 0);
  }

  #set(index: number, rank: number, place: number, result: number): void {
    this.#ranks[index] = rank;
    this.#places[index] = place;
    this.#results[index] = result;
  }
}

const mostKept = 4096;
