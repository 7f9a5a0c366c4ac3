// Random numbers that a seed fixes, on every machine: what is drawn for the demo data is part of the committed model.

export class Random {
  readonly #state: Uint32Array;

  /** @param seed any integer; only its lowest 32 bits count */
  constructor(seed: number) {
    this.#state = Uint32Array.of(0, 0, seed, 1);
    // Seeds that differ in one bit would otherwise start with similar numbers.
    for (let i = 0; i < 16; i++) this.uniform();
  }

  /**
   * Uniform in [0, 1), 32 bits of it.
   * @see sfc32 of PractRand, https://pracrand.sourceforge.net
   */
  uniform(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state;
    const drawn = (a + b + counter) >>> 0;
    this.#state[0] = b ^ (b >>> 9);
    this.#state[1] = c + (c << 3);
    this.#state[2] = ((c << 21) | (c >>> 11)) + drawn;
    this.#state[3] = counter + 1;
    return drawn / 2 ** 32;
  }

  /** Normally distributed, by the Box-Muller transform. */
  normal(mean: number, standardDeviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + standardDeviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** One of the keys, each with its share of the total weight. */
  pick<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const entries = Object.entries(weights) as [Key, number][];
    let rest = this.uniform() * entries.reduce((total, [, weight]) => total + weight, 0);
    for (const [key, weight] of entries) {
      rest -= weight;
      if (rest < 0) return key;
    }
    throw new RangeError(`expected positive weights, got ${JSON.stringify(weights)}`);
  }
}
