// What a tokenizer makes of a text, and the list in which it collects the tokens.

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

  add(id: number, start: number, end: number): void {
    if (this.length === this.ids.length) this.#grow();
    this.ids[this.length] = id;
    this.starts[this.length] = start;
    this.ends[this.length] = end;
    this.length += 1;
  }

  #grow(): void {
    this.ids = doubled(this.ids);
    this.starts = doubled(this.starts);
    this.ends = doubled(this.ends);
  }
}

/** The same numbers with room for as many again. */
export function doubled(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
