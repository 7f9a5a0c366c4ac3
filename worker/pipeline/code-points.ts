// Places in a text by code points, as tokenizers and the Hugging Face Hub count; JavaScript counts UTF-16 code units.

/** How many code points a text has; a surrogate without its other half is one. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Parts of one text by code points. Going forward costs no more than the distance. */
export class CodePointReader {
  readonly #text: string;
  #unit = 0;
  #point = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @param end exclusive */
  slice(start: number, end: number): string {
    const from = this.#unitOf(start);
    return this.#text.slice(from, this.#unitOf(end));
  }

  #unitOf(point: number): number {
    if (point < this.#point) {
      this.#unit = 0;
      this.#point = 0;
    }
    while (this.#point < point && this.#unit < this.#text.length) {
      this.#unit += (this.#text.codePointAt(this.#unit) ?? 0) > 0xffff ? 2 : 1;
      this.#point++;
    }
    return this.#unit;
  }
}
