// A text on its way through a tokenizer: code points, each with the place in the text that was sent from which it came.
import { invalid } from '../../../registry/errors.ts';
import { doubled } from './doubled.ts';

/** Letters of Hangul become three, and those of other scripts up to four bytes. One character stands for a phrase of eighteen. */
const mostGrowth = 8;
/** A short text may grow as it likes. */
const leastLimit = 4096;

export class AlignedText {
  readonly codes: Int32Array;
  /** The first code point of the original that a code point stands for. */
  readonly starts: Int32Array;
  /** The one behind the last. */
  readonly ends: Int32Array;
  readonly length: number;
  /** Where the original of this part begins. */
  readonly origin: number;
  /** Steps may make it as long as this. */
  readonly limit: number;

  constructor(codes: Int32Array, starts: Int32Array, ends: Int32Array, length: number, origin: number, limit: number) {
    this.codes = codes;
    this.starts = starts;
    this.ends = ends;
    this.length = length;
    this.origin = origin;
    this.limit = limit;
  }

  /** @param text lone surrogates in it count as U+FFFD, as they do once a text is UTF-8 */
  static of(text: string): AlignedText {
    const codes = new Int32Array(text.length);
    const starts = new Int32Array(text.length);
    const ends = new Int32Array(text.length);
    let length = 0;
    for (let index = 0; index < text.length; length += 1) {
      const code = text.codePointAt(index) ?? 0;
      index += code > 0xffff ? 2 : 1;
      codes[length] = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
      starts[length] = length;
      ends[length] = length + 1;
    }
    return new AlignedText(codes, starts, ends, length, 0, mostGrowth * length + leastLimit);
  }

  /** A view on a part; by itself it begins where its first code point came from. */
  slice(from: number, to: number, origin: number = this.starts[from] ?? this.origin): AlignedText {
    return new AlignedText(
      this.codes.subarray(from, to),
      this.starts.subarray(from, to),
      this.ends.subarray(from, to),
      to - from,
      origin,
      this.limit,
    );
  }

  /** The code points as a string. */
  text(from = 0, to: number = this.length): string {
    let text = '';
    for (let index = from; index < to; index += 1) text += String.fromCodePoint(this.codes[index] ?? 0);
    return text;
  }
}

/**
 * Writes a changed text, as the Rust tokenizers' `transform` counts: each code point replaces the next one of the source, replaces it
 * and drops some that follow, or is inserted and shares the place of the one before it.
 * @see https://docs.rs/tokenizers/latest/tokenizers/struct.NormalizedString.html
 */
export class TextBuilder {
  readonly #source: AlignedText;
  #codes: Int32Array<ArrayBuffer>;
  #starts: Int32Array<ArrayBuffer>;
  #ends: Int32Array<ArrayBuffer>;
  #length = 0;
  /** The next code point of the source. */
  #next = 0;

  constructor(source: AlignedText) {
    this.#source = source;
    const room = Math.max(16, source.length + (source.length >> 3));
    this.#codes = new Int32Array(room);
    this.#starts = new Int32Array(room);
    this.#ends = new Int32Array(room);
  }

  /** The next code point of the source stays, becomes this one, or, with `dropped`, stands for those behind it as well. */
  replace(code: number, dropped = 0): void {
    this.#put(code, this.#next);
    this.#next += 1 + dropped;
  }

  /** A code point more, at the place of the one of the source before it. */
  insert(code: number): void {
    this.#put(code, this.#next - 1);
  }

  /** Goes on at this code point of the source. */
  moveTo(place: number): void {
    this.#next = place;
  }

  /** Code points written so far. */
  get length(): number {
    return this.#length;
  }

  /** Leaves out the next ones of the source. */
  skip(count: number): void {
    this.#next += count;
  }

  /** As {@link replace} and {@link insert}, by the number that the Rust tokenizers give a change. */
  change(code: number, change: number): void {
    if (change > 0) this.insert(code);
    else this.replace(code, -change);
  }

  build(): AlignedText {
    return new AlignedText(
      this.#codes,
      this.#starts,
      this.#ends,
      this.#length,
      this.#source.origin,
      this.#source.limit,
    );
  }

  #put(code: number, place: number): void {
    if (this.#length === this.#codes.length) {
      const { limit } = this.#source;
      if (this.#length >= limit) {
        throw invalid(`tokenise: the text has more than ${limit} code points once it is normalised; send less at once`);
      }
      this.#codes = doubled(this.#codes);
      this.#starts = doubled(this.#starts);
      this.#ends = doubled(this.#ends);
    }
    const { starts, ends, origin } = this.#source;
    this.#codes[this.#length] = code;
    this.#starts[this.#length] = place < 0 ? origin : (starts[place] ?? 0);
    this.#ends[this.#length] = place < 0 ? origin : (ends[place] ?? 0);
    this.#length += 1;
  }
}
