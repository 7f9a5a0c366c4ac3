// What the models of tokenizers have in common: each cuts one word into tokens of its vocabulary.
import type { AlignedText } from './aligned-text.ts';
import type { TokenList } from './encoding.ts';

export interface Model {
  /** Adds the tokens of the code points from `from` to before `to`; the work is bounded by their number, whatever they are. */
  tokenize(text: AlignedText, from: number, to: number, tokens: TokenList): void;
}

/** Adds a token that covers the code points from `from` to before `to`. */
export function addToken(tokens: TokenList, id: number, { starts, ends }: AlignedText, from: number, to: number): void {
  tokens.add(id, starts[from] ?? 0, ends[to - 1] ?? 0);
}
