// A set of code points, kept as sorted ranges.

export class CodePointSet {
  /** The first code point of each range, and the one behind its last. */
  readonly #bounds: Int32Array;

  /** @param ranges in base 36, the gap before each range and its length: see unicode-sets.ts */
  constructor(ranges: string) {
    let end = 0;
    this.#bounds = Int32Array.from(ranges.split(' '), (number) => {
      end += Number.parseInt(number, 36);
      return end;
    });
  }

  has(code: number): boolean {
    let low = 0;
    let high = this.#bounds.length;
    // How many bounds are not above the code point: odd inside a range.
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bounds[middle] ?? 0) <= code) low = middle + 1;
      else high = middle;
    }
    return (low & 1) === 1;
  }
}
