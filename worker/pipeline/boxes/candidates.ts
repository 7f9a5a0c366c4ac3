// The boxes of one picture that score enough, by their places: a bounded number of the best, however many a model gives.

/** What remains when there is no room. A detector gives 25,200 boxes, and few of them score anything. */
const mostKept = 4096;

export class Candidates {
  readonly threshold: number;
  #floor: number;
  #count = 0;
  readonly #scores = new Float64Array(2 * mostKept);
  readonly #places = new Int32Array(2 * mostKept);
  readonly #labels = new Int32Array(2 * mostKept);

  constructor(threshold: number) {
    this.threshold = threshold;
    this.#floor = Number.NEGATIVE_INFINITY;
  }

  /**
   * @param place of the box among those of the picture
   * @param label number of its class
   */
  add(score: number, place: number, label: number): void {
    // NaN is not above anything.
    if (!(score >= this.threshold) || score <= this.#floor) return;
    if (this.#count === this.#scores.length) {
      this.#prune();
      if (score <= this.#floor) return;
    }
    this.#scores[this.#count] = score;
    this.#places[this.#count] = place;
    this.#labels[this.#count] = label;
    this.#count++;
  }

  /** The highest score first, those of equal scores in the order in which they came. */
  *best(): Generator<{ readonly score: number; readonly place: number; readonly label: number }> {
    for (const index of this.#order()) {
      yield {
        score: this.#scores[index] as number,
        place: this.#places[index] as number,
        label: this.#labels[index] as number,
      };
    }
  }

  #order(): Int32Array {
    const scores = this.#scores;
    return Int32Array.from({ length: this.#count }, (_, index) => index).sort(
      (a, b) => (scores[b] as number) - (scores[a] as number) || a - b,
    );
  }

  #prune(): void {
    const kept = this.#order().subarray(0, mostKept);
    this.#floor = this.#scores[kept[mostKept - 1] as number] as number;
    const [scores, places, labels] = [this.#scores.slice(), this.#places.slice(), this.#labels.slice()];
    // In the order in which they came, so that equal scores stay in it.
    kept.sort().forEach((from, to) => {
      this.#scores[to] = scores[from] as number;
      this.#places[to] = places[from] as number;
      this.#labels[to] = labels[from] as number;
    });
    this.#count = mostKept;
  }
}
