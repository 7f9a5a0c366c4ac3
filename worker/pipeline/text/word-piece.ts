// WordPiece, BERT's model: the longest token that fits, again and again.
// @see https://arxiv.org/abs/1609.08144
import type { AlignedText } from './aligned-text.ts';
import type { TokenList } from './encoding.ts';
import type { Model } from './model.ts';
import { none, type Vocabulary } from './vocabulary.ts';

export interface WordPieceOptions {
  readonly unknownId: number;
  /** Stands before tokens that do not begin a word: `##`. */
  readonly prefix: string;
  /** A longer word is unknown as a whole. */
  readonly mostCharacters: number;
}

export class WordPiece implements Model {
  readonly #vocabulary: Vocabulary;
  readonly #options: WordPieceOptions;
  /** The node from which tokens inside a word go on. */
  readonly #inside: number;

  constructor(vocabulary: Vocabulary, options: WordPieceOptions) {
    this.#vocabulary = vocabulary;
    this.#options = options;
    this.#inside = [...options.prefix].reduce(
      (node, character) => vocabulary.step(node, character.codePointAt(0) ?? 0),
      vocabulary.root,
    );
  }

  tokenize(text: AlignedText, from: number, to: number, tokens: TokenList): void {
    const { unknownId, mostCharacters } = this.#options;
    const before = tokens.length;
    let start = from;
    while (start < to && to - from <= mostCharacters) {
      const end = this.#longest(text, start, to, start === from ? this.#vocabulary.root : this.#inside);
      if (end === start) break;
      tokens.add(text, this.#id, start, end);
      start = end;
    }
    if (start === to) return;
    tokens.length = before;
    tokens.addUnwritten(text, unknownId, from, to);
  }

  /** The id of the token that {@link #longest} found. */
  #id = none;

  /** @returns where the longest token ends that begins here; `start` if there is none */
  #longest({ codes }: AlignedText, start: number, to: number, root: number): number {
    let node = root;
    let end = start;
    for (let index = start; index < to; index += 1) {
      node = this.#vocabulary.step(node, codes[index] ?? 0);
      if (node === none) break;
      const id = this.#vocabulary.id(node);
      if (id === none) continue;
      this.#id = id;
      end = index + 1;
    }
    return end;
  }
}
