// What the models of tokenizers have in common: each cuts one word into tokens of its vocabulary.
import type { AlignedText } from './aligned-text.ts';
import type { TokenList } from './encoding.ts';

export interface Model {
  /** Adds the tokens of the code points from `from` to before `to`; the work is bounded by their number, whatever they are. */
  tokenize(text: AlignedText, from: number, to: number, tokens: TokenList): void;
}
