// The merges of a byte-pair vocabulary in flat arrays: for each left token its right ones in ascending order, with rank and result.
import { none } from './vocabulary.ts';

export class Merges {
  /** Where the merges of each left token begin, and their number at the end. */
  readonly #firsts: Uint32Array;
  readonly #rights: Int32Array;
  readonly #ranks: Int32Array;
  readonly #results: Int32Array;

  constructor(firsts: Uint32Array, rights: Int32Array, ranks: Int32Array, results: Int32Array) {
    this.#firsts = firsts;
    this.#rights = rights;
    this.#ranks = ranks;
    this.#results = results;
  }

  /** @returns the number of the merge of two tokens, or -1 */
  find(left: number, right: number): number {
    let low = this.#firsts[left] ?? 0;
    let high = this.#firsts[left + 1] ?? 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = this.#rights[middle] ?? 0;
      if (found === right) return middle;
      if (found < right) low = middle + 1;
      else high = middle;
    }
    return none;
  }

  /** The merge of the lowest rank comes first. */
  rank(merge: number): number {
    return this.#ranks[merge] ?? 0;
  }

  /** The token that the two become. */
  result(merge: number): number {
    return this.#results[merge] ?? none;
  }
}
