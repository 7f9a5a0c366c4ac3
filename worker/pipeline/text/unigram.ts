// The unigram model of SentencePiece: of all ways to cut a text into tokens the one with the best sum of scores.
// @see https://arxiv.org/abs/1804.10959
import type { AlignedText } from './aligned-text.ts';
import { utf8Byte, utf8Length } from './byte-level.ts';
import { byteTokens } from './byte-pair.ts';
import type { TokenList } from './encoding.ts';
import type { Model } from './model.ts';
import { none, type Vocabulary } from './vocabulary.ts';

export interface UnigramOptions {
  readonly unknownId: number;
  /** Unknown characters become tokens of their bytes, if the vocabulary has all of them. */
  readonly byteFallback: boolean;
  /** What an unknown character costs. */
  readonly unknownScore: number;
}

export class Unigram implements Model {
  readonly #vocabulary: Vocabulary;
  readonly #scores: Float64Array;
  readonly #options: UnigramOptions;
  readonly #bytes: Int32Array;
  #paths = new Paths(256);

  constructor(vocabulary: Vocabulary, scores: Float64Array, options: UnigramOptions) {
    this.#vocabulary = vocabulary;
    this.#scores = scores;
    this.#options = options;
    this.#bytes = byteTokens(vocabulary);
  }

  tokenize(text: AlignedText, from: number, to: number, tokens: TokenList): void {
    const length = to - from;
    const paths = length < mostKept ? this.#keptPaths(length) : new Paths(length);
    this.#findBest(text, from, length, paths);
    const path = paths.path(length, this.#options.unknownId);
    for (let index = path.length - 1; index > 0; index -= 1) {
      const [start, end] = [from + (path[index] ?? 0), from + (path[index - 1] ?? 0)];
      const id = this.#vocabulary.findCodes(text.codes, start, end);
      if (id !== none) tokens.add(text, id, start, end);
      else if (!this.#addBytes(text, start, end, tokens))
        tokens.addUnwritten(text, this.#options.unknownId, start, end);
    }
  }

  #keptPaths(length: number): Paths {
    if (this.#paths.room < length) this.#paths = new Paths(mostKept);
    return this.#paths;
  }

  /** One pass from left to right; from each place as far as the longest token goes. */
  #findBest({ codes }: AlignedText, from: number, length: number, paths: Paths): void {
    const { unknownId, unknownScore } = this.#options;
    paths.clear(length);
    for (let start = 0; start < length; start += 1) {
      const score = paths.score(start);
      let node = this.#vocabulary.root;
      let isKnown = false;
      for (let end = start; end < length; end += 1) {
        node = this.#vocabulary.step(node, codes[from + end] ?? 0);
        if (node === none) break;
        const id = this.#vocabulary.id(node);
        if (id === none) continue;
        paths.offer(end + 1, start, id, score + (this.#scores[id] ?? 0));
        if (end === start) isKnown = true;
      }
      if (!isKnown) paths.offer(start + 1, start, unknownId, score + unknownScore);
    }
  }

  /** @returns whether the vocabulary has all bytes of the characters */
  #addBytes(text: AlignedText, from: number, to: number, tokens: TokenList): boolean {
    if (!this.#options.byteFallback) return false;
    const ids: number[] = [];
    for (let index = from; index < to; index += 1) {
      const code = text.codes[index] ?? 0;
      const bytes = utf8Length(code);
      for (let part = 0; part < bytes; part += 1) ids.push(this.#bytes[utf8Byte(code, part, bytes)] ?? none);
    }
    if (ids.includes(none)) return false;
    for (const id of ids) tokens.addUnwritten(text, id, from, to);
    return true;
  }
}

/** Longer pieces take memory of their own. */
const mostKept = 4096;

/** The best way to each place that was found so far. */
class Paths {
  readonly room: number;
  readonly #scores: Float64Array;
  /** Where the last token of the way begins; -1: none was found. */
  readonly #starts: Int32Array;
  readonly #ids: Int32Array;

  constructor(room: number) {
    this.room = room;
    this.#scores = new Float64Array(room + 1);
    this.#starts = new Int32Array(room + 1);
    this.#ids = new Int32Array(room + 1);
  }

  clear(length: number): void {
    this.#scores.fill(0, 0, length + 1);
    this.#starts.fill(none, 0, length + 1);
  }

  score(place: number): number {
    return this.#scores[place] ?? 0;
  }

  offer(place: number, start: number, id: number, score: number): void {
    if (this.#starts[place] !== none && score <= (this.#scores[place] ?? 0)) return;
    this.#scores[place] = score;
    this.#starts[place] = start;
    this.#ids[place] = id;
  }

  /** @returns the places where tokens begin and end, from the last to the first; unknown ones side by side are one */
  path(length: number, unknownId: number): number[] {
    const places = [length];
    for (let place = length; place > 0; ) {
      const start = this.#starts[place] ?? 0;
      const isUnknown = this.#ids[place] === unknownId;
      const joins = isUnknown && places.length > 1 && this.#ids[places.at(-2) ?? 0] === unknownId;
      if (joins) places[places.length - 1] = start;
      else places.push(start);
      place = start;
    }
    return places;
  }
}
