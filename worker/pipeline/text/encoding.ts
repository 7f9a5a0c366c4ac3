// What a tokenizer makes of a text, and the list in which it collects the tokens.
import type { AlignedText } from './aligned-text.ts';
import { visibleSpace } from './byte-level.ts';
import { isWhitespace } from './characters.ts';
import { doubled } from './doubled.ts';

export interface Encoding {
  readonly ids: Int32Array;
  readonly typeIds: Uint8Array;
  /** Pairs of start and end in Unicode code points of the text that was sent; 0, 0 for tokens that the template adds. */
  readonly offsets: Int32Array;
  /** 1: added by the template. */
  readonly special: Uint8Array;
  /** How many of the ids are the unknown token. */
  readonly unknown: number;
  readonly truncated: boolean;
  /** Tokens before truncation, the template's among them. */
  readonly total: number;
}

/** Tokens of a text in order, each with the code points that it covers. */
export class TokenList {
  length = 0;
  ids = new Int32Array(64);
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  /** Blanks at the beginning and at the end of each token; null where nobody asks. */
  leading: Int32Array<ArrayBuffer> | null;
  trailing: Int32Array<ArrayBuffer> | null;

  /** @param countBlanks for a template that takes them out of the offsets */
  constructor(countBlanks: boolean) {
    this.leading = countBlanks ? new Int32Array(64) : null;
    this.trailing = countBlanks ? new Int32Array(64) : null;
  }

  /** Adds a token that is written as the code points from `from` to before `to`. */
  add(text: AlignedText, id: number, from: number, to: number): void {
    const index = this.length;
    this.addUnwritten(text, id, from, to);
    if (this.leading === null || this.trailing === null) return;
    let [first, last] = [from, to];
    while (first < to && isBlank(text.codes[first] ?? 0)) first += 1;
    while (last > from && isBlank(text.codes[last - 1] ?? 0)) last -= 1;
    this.leading[index] = first - from;
    this.trailing[index] = to - last;
  }

  /** Adds a token that stands for the code points and is not written with them, as the unknown token is. */
  addUnwritten({ starts, ends }: AlignedText, id: number, from: number, to: number): void {
    if (this.length === this.ids.length) this.#grow();
    this.ids[this.length] = id;
    this.starts[this.length] = starts[from] ?? 0;
    this.ends[this.length] = ends[to - 1] ?? 0;
    if (this.leading !== null) this.leading[this.length] = 0;
    if (this.trailing !== null) this.trailing[this.length] = 0;
    this.length += 1;
  }

  #grow(): void {
    this.ids = doubled(this.ids);
    this.starts = doubled(this.starts);
    this.ends = doubled(this.ends);
    this.leading &&= doubled(this.leading);
    this.trailing &&= doubled(this.trailing);
  }
}

function isBlank(code: number): boolean {
  return code === visibleSpace || isWhitespace(code);
}
