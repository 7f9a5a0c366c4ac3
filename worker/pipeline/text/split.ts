// Cuts pieces where a pattern matches. What becomes of the matches themselves is the behaviour.
// @see https://huggingface.co/docs/tokenizers/api/pre-tokenizers#tokenizers.pre_tokenizers.Split
import { Pieces } from './pieces.ts';
import type { Matcher } from './replace.ts';

export const behaviours = ['removed', 'isolated', 'merged-with-previous', 'merged-with-next', 'contiguous'] as const;
export type Behaviour = (typeof behaviours)[number];

export interface SplitOptions {
  readonly behaviour: Behaviour;
  /** What the pattern does not match counts as matched, and the other way round. */
  readonly invert: boolean;
}

export function splitAt(pieces: Pieces, match: Matcher, { behaviour, invert }: SplitOptions): Pieces {
  const { codes } = pieces.text;
  const parts = new Parts(new Pieces(pieces.text), behaviour);
  for (let piece = 0; piece < pieces.length; piece += 1) {
    const to = pieces.to(piece);
    let rest = pieces.from(piece);
    for (let index = rest; index < to; ) {
      const end = match(codes, index, to);
      if (end <= index) {
        index += 1;
        continue;
      }
      parts.add(rest, index, invert);
      parts.add(index, end, !invert);
      index = end;
      rest = end;
    }
    parts.add(rest, to, invert);
    parts.end();
  }
  return parts.pieces;
}

/** Parts of one piece after the other, matched and not, joined as the behaviour says. */
class Parts {
  readonly pieces: Pieces;
  readonly #behaviour: Behaviour;
  /** The piece that a further part may still join; none where both are equal. */
  #from = 0;
  #to = 0;
  #lastMatched = false;

  constructor(pieces: Pieces, behaviour: Behaviour) {
    this.pieces = pieces;
    this.#behaviour = behaviour;
  }

  add(from: number, to: number, matched: boolean): void {
    if (from === to) return;
    if (this.#joins(matched)) {
      this.#to = to;
    } else {
      this.#flush();
      if (!(matched && this.#behaviour === 'removed')) {
        this.#from = from;
        this.#to = to;
      }
    }
    this.#lastMatched = matched;
  }

  end(): void {
    this.#flush();
    this.#lastMatched = false;
  }

  #joins(matched: boolean): boolean {
    if (this.#from === this.#to) return false;
    switch (this.#behaviour) {
      case 'contiguous':
        return matched === this.#lastMatched;
      case 'merged-with-previous':
        return matched && !this.#lastMatched;
      case 'merged-with-next':
        return !matched && this.#lastMatched;
      default:
        return false;
    }
  }

  #flush(): void {
    this.pieces.add(this.#from, this.#to);
    this.#from = this.#to;
  }
}
