// Draws that a seed fixes: request number i of a seed is the same on every machine and whatever was sent before it.
import { Random } from '../../random.ts';

export class Dice {
  readonly #random: Random;

  constructor(seed: number, index = 0) {
    // Two odd factors keep neighbours apart.
    this.#random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  }

  chance(probability: number): boolean {
    return this.#random.chance(probability);
  }

  /** A whole number from 0 on, below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random.uniform() * limit);
  }

  /** @throws RangeError for an empty list */
  from<T>(list: readonly T[]): T {
    const drawn = list[this.below(list.length)];
    if (drawn === undefined && list.length === 0) throw new RangeError('nothing to draw from');
    return drawn as T;
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}
