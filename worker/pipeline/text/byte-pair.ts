// Byte-pair encoding: a word's characters are joined two by two, in the order in which the vocabulary was trained.
// @see https://arxiv.org/abs/1508.07909
import type { AlignedText } from './aligned-text.ts';
import { utf8Byte, utf8Length } from './byte-level.ts';
import type { TokenList } from './encoding.ts';
import { MergeQueue } from './merge-queue.ts';
import type { Merges } from './merges.ts';
import type { Model } from './model.ts';
import { codesOf } from './replace.ts';
import { none, type Vocabulary } from './vocabulary.ts';

export interface BytePairOptions {
  /** Null: what is not in the vocabulary is left out. */
  readonly unknownId: number | null;
  /** Unknown characters side by side are one token. */
  readonly fuseUnknown: boolean;
  /** An unknown character becomes tokens of its bytes, if the vocabulary has all of them. */
  readonly byteFallback: boolean;
  /** A word that is a token as a whole is not taken apart. */
  readonly ignoreMerges: boolean;
  /** Stands before characters that do not begin a word. */
  readonly prefix: string;
  /** Stands behind the last character of a word. */
  readonly suffix: string;
}

export class BytePair implements Model {
  readonly #vocabulary: Vocabulary;
  readonly #merges: Merges;
  readonly #options: BytePairOptions;
  readonly #prefix: readonly number[];
  readonly #suffix: readonly number[];
  /** Ids of the tokens `<0x00>` to `<0xFF>`, or -1. */
  readonly #bytes: Int32Array;
  readonly #symbols = new Symbols();
  readonly #queue = new MergeQueue();

  constructor(vocabulary: Vocabulary, merges: Merges, options: BytePairOptions) {
    this.#vocabulary = vocabulary;
    this.#merges = merges;
    this.#options = options;
    this.#prefix = codesOf(options.prefix);
    this.#suffix = codesOf(options.suffix);
    this.#bytes = byteTokens(vocabulary);
  }

  tokenize(text: AlignedText, from: number, to: number, tokens: TokenList): void {
    if (this.#options.ignoreMerges) {
      const id = this.#vocabulary.findCodes(text.codes, from, to);
      if (id !== none) {
        tokens.add(text, id, from, to);
        return;
      }
    }
    this.#readSymbols(text, from, to);
    this.#merge();
    this.#symbols.write(text, from, to, this.#options.unknownId, tokens);
  }

  #readSymbols({ codes }: AlignedText, from: number, to: number): void {
    const { unknownId, fuseUnknown, byteFallback } = this.#options;
    const symbols = this.#symbols;
    symbols.clear();
    let unknownBytes = 0;
    for (let index = from; index < to; index += 1) {
      const code = codes[index] ?? 0;
      const bytes = utf8Length(code);
      const id = this.#symbol(code, index === from, index + 1 === to);
      if (id !== none) {
        if (unknownBytes > 0) symbols.add(unknownId ?? 0, unknownBytes);
        unknownBytes = 0;
        symbols.add(id, bytes);
      } else if (!(byteFallback && this.#addBytes(code, bytes)) && unknownId !== null) {
        if (unknownBytes > 0 && !fuseUnknown) {
          symbols.add(unknownId, unknownBytes);
          unknownBytes = 0;
        }
        unknownBytes += bytes;
      }
    }
    if (unknownBytes > 0) symbols.add(unknownId ?? 0, unknownBytes);
  }

  #symbol(code: number, isFirst: boolean, isLast: boolean): number {
    let node = this.#vocabulary.root;
    if (!isFirst) for (const part of this.#prefix) node = this.#vocabulary.step(node, part);
    node = this.#vocabulary.step(node, code);
    if (isLast) for (const part of this.#suffix) node = this.#vocabulary.step(node, part);
    return node === none ? none : this.#vocabulary.id(node);
  }

  /** @returns whether the vocabulary has all bytes of the character */
  #addBytes(code: number, length: number): boolean {
    for (let index = 0; index < length; index += 1) {
      if (this.#bytes[utf8Byte(code, index, length)] === none) return false;
    }
    for (let index = 0; index < length; index += 1) {
      this.#symbols.add(this.#bytes[utf8Byte(code, index, length)] ?? 0, 1);
    }
    return true;
  }

  /** Takes as many steps as there are symbols, each with a place in a heap. */
  #merge(): void {
    const { ids, nexts, previous, sizes, length } = this.#symbols;
    this.#queue.clear();
    for (let left = 0; left + 1 < length; left += 1) this.#offer(left, left + 1);
    for (;;) {
      const left = this.#queue.pop();
      if (left === none) return;
      if (sizes[left] === 0) continue;
      const right = nexts[left] ?? none;
      if (right === none) continue;
      const merge = this.#merges.find(ids[left] ?? 0, ids[right] ?? 0);
      // The entry is of a pair that has been joined with something else since.
      if (merge === none || this.#merges.result(merge) !== this.#queue.poppedResult) continue;
      ids[left] = this.#merges.result(merge);
      sizes[left] = (sizes[left] ?? 0) + (sizes[right] ?? 0);
      sizes[right] = 0;
      const after = nexts[right] ?? none;
      nexts[left] = after;
      if (after !== none) previous[after] = left;
      const before = previous[left] ?? none;
      if (before !== none) this.#offer(before, left);
      if (after !== none) this.#offer(left, after);
    }
  }

  #offer(left: number, right: number): void {
    const { ids } = this.#symbols;
    const merge = this.#merges.find(ids[left] ?? 0, ids[right] ?? 0);
    if (merge !== none) this.#queue.push(this.#merges.rank(merge), left, this.#merges.result(merge));
  }
}

/** Ids of the tokens that stand for single bytes, or -1. */
export function byteTokens(vocabulary: Vocabulary): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) =>
    vocabulary.find(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  );
}

/** The symbols of a word as a linked list; those that were joined to the one before them have the size 0. */
class Symbols {
  length = 0;
  ids = new Int32Array(64);
  /** Bytes of UTF-8 that each covers. */
  sizes = new Int32Array(64);
  nexts = new Int32Array(64);
  previous = new Int32Array(64);

  clear(): void {
    this.length = 0;
    // A very long word leaves no memory behind.
    if (this.ids.length > mostKept) this.#resize(mostKept);
  }

  add(id: number, bytes: number): void {
    if (this.length === this.ids.length) this.#resize(2 * this.length);
    this.ids[this.length] = id;
    this.sizes[this.length] = bytes;
    this.nexts[this.length] = none;
    this.previous[this.length] = this.length - 1;
    if (this.length > 0) this.nexts[this.length - 1] = this.length;
    this.length += 1;
  }

  /** Adds the tokens. Their sizes are bytes; a token of some bytes of a character covers the whole of it. */
  write(text: AlignedText, from: number, to: number, unknownId: number | null, tokens: TokenList): void {
    let first = from;
    let firstByte = 0;
    let done = 0;
    for (let symbol = 0; symbol < this.length; symbol += 1) {
      const size = this.sizes[symbol] ?? 0;
      if (size === 0) continue;
      while (first + 1 < to && firstByte + utf8Length(text.codes[first] ?? 0) <= done) {
        firstByte += utf8Length(text.codes[first] ?? 0);
        first += 1;
      }
      done += size;
      let end = first + 1;
      let endByte = firstByte + utf8Length(text.codes[first] ?? 0);
      while (end < to && endByte < done) {
        endByte += utf8Length(text.codes[end] ?? 0);
        end += 1;
      }
      const id = this.ids[symbol] ?? 0;
      if (id === unknownId) tokens.addUnwritten(text, id, first, end);
      else tokens.add(text, id, first, end);
    }
  }

  #resize(length: number): void {
    const resized = (numbers: Int32Array<ArrayBuffer>) => {
      const copy = new Int32Array(length);
      copy.set(numbers.subarray(0, Math.min(length, this.length)));
      return copy;
    };
    this.ids = resized(this.ids);
    this.sizes = resized(this.sizes);
    this.nexts = resized(this.nexts);
    this.previous = resized(this.previous);
  }
}

const mostKept = 4096;
