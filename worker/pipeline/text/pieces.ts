// A text cut into pieces, of which a tokenizer's model gets one at a time.
import type { AlignedText } from './aligned-text.ts';
import { doubled } from './doubled.ts';

/** Pieces of one text in order. What lies between two of them is left out. */
export class Pieces {
  readonly text: AlignedText;
  #bounds = new Int32Array(64);
  #length = 0;

  constructor(text: AlignedText) {
    this.text = text;
  }

  get length(): number {
    return this.#length / 2;
  }

  /** Adds a piece; an empty one is none. */
  add(from: number, to: number): void {
    if (from >= to) return;
    if (this.#length === this.#bounds.length) this.#bounds = doubled(this.#bounds);
    this.#bounds[this.#length] = from;
    this.#bounds[this.#length + 1] = to;
    this.#length += 2;
  }

  from(index: number): number {
    return this.#bounds[2 * index] ?? 0;
  }

  to(index: number): number {
    return this.#bounds[2 * index + 1] ?? 0;
  }
}
