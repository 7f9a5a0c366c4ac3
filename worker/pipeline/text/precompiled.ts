// SentencePiece's compiled normalisation rules, such as nmt_nfkc: a trie of what is replaced, and the replacements behind it.
// @see https://github.com/google/sentencepiece/blob/master/doc/normalization.md
import { type AlignedText, TextBuilder } from './aligned-text.ts';
import { utf8Byte, utf8Length } from './byte-level.ts';
import { classesOf, joining } from './characters.ts';
import { codesOf } from './replace.ts';

/** The form of darts-clone: bit 8 says that a key ends, bits 10 to 31 and bit 9 lead on, the low byte is the label. */
const label = 0x800000ff;

export class PrecompiledRules {
  readonly #units: Uint32Array;
  /** Each ends with NUL. */
  readonly #replacements: Uint8Array;
  /** What was looked up already, by the place of the replacement. */
  readonly #found = new Map<number, readonly number[]>();

  constructor(units: Uint32Array, replacements: Uint8Array) {
    this.#units = units;
    this.#replacements = replacements;
  }

  apply(text: AlignedText): AlignedText {
    const { codes, length } = text;
    const changes = new Changes();
    for (let from = 0; from < length; ) {
      const to = runEnd(text, from);
      let start = from;
      const isOne = to - from === 1 || (to - from === 2 && isLineEnd(codes, from));
      for (const size of isOne ? [to - from] : clusterSizes(text.text(from, to))) {
        this.#applyCluster(codes, start, start + size, changes);
        start += size;
      }
      from = to;
    }
    return changes.apply(text);
  }

  /** A character with its marks is looked up as a whole if it has less than six bytes, and code point by code point otherwise. */
  #applyCluster(codes: Int32Array, from: number, to: number, changes: Changes): void {
    const whole = to - from === 1 || utf8Size(codes, from, to) < 6 ? this.#find(codes, from, to) : null;
    if (whole !== null) {
      changes.replace(to - from, whole);
      return;
    }
    for (let index = from; index < to; index += 1) {
      const single = to - from === 1 ? null : this.#find(codes, index, index + 1);
      if (single === null) changes.keep(codes[index] ?? 0);
      else changes.replace(1, single);
    }
  }

  /** @returns the replacement of the shortest key that these code points begin with, which is what SentencePiece's port takes */
  #find(codes: Int32Array, from: number, to: number): readonly number[] | null {
    let place = offsetOf(this.#units[0] ?? 0);
    for (let index = from; index < to; index += 1) {
      const code = codes[index] ?? 0;
      if (code === 0) return null;
      const bytes = utf8Length(code);
      for (let part = 0; part < bytes; part += 1) {
        const byte = utf8Byte(code, part, bytes);
        place ^= byte;
        const unit = this.#units[place];
        if (unit === undefined || (unit & label) !== byte) return null;
        place ^= offsetOf(unit);
        if ((unit & 0x100) !== 0) return this.#replacement((this.#units[place] ?? 0) & 0x7fffffff);
      }
    }
    return null;
  }

  #replacement(place: number): readonly number[] {
    const known = this.#found.get(place);
    if (known) return known;
    const end = this.#replacements.indexOf(0, place);
    const bytes = this.#replacements.subarray(place, end < 0 ? undefined : end);
    const found = codesOf(new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes));
    this.#found.set(place, found);
    return found;
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function utf8Size(codes: Int32Array, from: number, to: number): number {
  let bytes = 0;
  for (let index = from; index < to && bytes < 6; index += 1) bytes += utf8Length(codes[index] ?? 0);
  return bytes;
}

/** Code points with the number of the Rust tokenizers' `transform`; a removal counts on what was written last, whatever that is. */
class Changes {
  readonly #codes: number[] = [];
  readonly #changes: number[] = [];
  #modified = false;

  keep(code: number): void {
    this.#codes.push(code);
    this.#changes.push(0);
  }

  replace(count: number, codes: readonly number[]): void {
    this.#modified = true;
    for (const [index, code] of codes.entries()) {
      this.#codes.push(code);
      this.#changes.push(index < count ? 0 : 1);
    }
    const last = this.#changes.length - 1;
    if (codes.length < count && last >= 0) this.#changes[last] = (this.#changes[last] ?? 0) + codes.length - count;
  }

  apply(text: AlignedText): AlignedText {
    if (!this.#modified) return text;
    const builder = new TextBuilder(text);
    for (const [index, code] of this.#codes.entries()) builder.change(code, this.#changes[index] ?? 0);
    return builder.build();
  }
}

let segmenter: Intl.Segmenter | undefined;

/** Sizes of the characters of a text, as people count them, in code points. */
function clusterSizes(text: string): number[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => codesOf(segment).length);
}

/** @returns where a run ends in which characters may have more than one code point; most runs are one code point */
function runEnd({ codes, length }: AlignedText, from: number): number {
  let to = from + 1;
  for (; to < length; to += 1) {
    const classes = classesOf(codes[to - 1] ?? 0) | classesOf(codes[to] ?? 0);
    if ((classes & joining) === 0 && !isLineEnd(codes, to - 1)) break;
  }
  return to;
}

/** Whether a carriage return with its line feed begins here; they are one character. */
function isLineEnd(codes: Int32Array, from: number): boolean {
  return codes[from] === 0x0d && codes[from + 1] === 0x0a;
}
