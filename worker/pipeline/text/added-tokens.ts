// Tokens that stand for themselves wherever they occur in a text, such as `[MASK]`, found before the text is cut into words.
import * as z from 'zod';
import type { AlignedText } from './aligned-text.ts';
import { isWhitespace, isWord } from './characters.ts';
import { none, type Vocabulary } from './vocabulary.ts';

export const addedTokenSchema = z.strictObject({
  id: z.int().min(0),
  /** Only where no letter or digit stands beside it. */
  singleWord: z.boolean(),
  /** Takes the white space before it. */
  stripLeft: z.boolean(),
  /** Takes the white space behind it. */
  stripRight: z.boolean(),
});

export type AddedToken = z.infer<typeof addedTokenSchema>;

/** A part of a text: an added token, or, with id -1, what lies between two of them. */
export interface Part {
  readonly from: number;
  readonly to: number;
  readonly id: number;
}

export class AddedTokens {
  /** The contents, each with its place in the list. */
  readonly #contents: Vocabulary;
  readonly #tokens: readonly AddedToken[];

  constructor(contents: Vocabulary, tokens: readonly AddedToken[]) {
    this.#contents = contents;
    this.#tokens = tokens;
  }

  /** @returns the parts of a text in order: of tokens that begin at the same place, the longest */
  split(text: AlignedText): Part[] {
    const { codes, length } = text;
    if (this.#tokens.length === 0) return length === 0 ? [] : [{ from: 0, to: length, id: none }];
    const parts: Part[] = [];
    let done = 0;
    for (let index = 0; index < length; ) {
      const match = this.#match(text, index);
      if (match === null) {
        index += 1;
        continue;
      }
      const { token, to: end } = match;
      const begin = index;
      index = end;
      if (token.singleWord && (isWord(codes[begin - 1] ?? 0) || isWord(codes[end] ?? 0))) continue;
      let from = begin;
      let to = end;
      if (token.stripLeft) while (from > done && isWhitespace(codes[from - 1] ?? 0)) from -= 1;
      if (token.stripRight) while (to < length && isWhitespace(codes[to] ?? 0)) to += 1;
      if (done < from) parts.push({ from: done, to: from, id: none });
      parts.push({ from, to, id: token.id });
      done = to;
    }
    if (done < length) parts.push({ from: done, to: length, id: none });
    return parts;
  }

  #match({ codes, length }: AlignedText, from: number): { token: AddedToken; to: number } | null {
    let node = this.#contents.root;
    let found: { token: AddedToken; to: number } | null = null;
    for (let index = from; index < length; index += 1) {
      node = this.#contents.step(node, codes[index] ?? 0);
      if (node === none) break;
      const token = this.#tokens[this.#contents.id(node)];
      if (token) found = { token, to: index + 1 };
    }
    return found;
  }
}
