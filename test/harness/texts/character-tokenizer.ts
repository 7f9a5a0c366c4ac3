// A tokenizer that is easy to follow in a test: each code point is a token, spaces are none; `[` and `]` stand around a text.
import type { Encoding, Tokenizer } from '../../../worker/pipeline/text/tokenizer.ts';

/** The numbers of the special tokens; a character's is its code point. */
export const [openId, closeId] = [1, 2];

export const characterTokenizer: Pick<Tokenizer, 'encode'> = {
  encode(text, { maxLength, addSpecialTokens }): Encoding {
    const all = Array.from(text, (character, at) => ({
      id: character.codePointAt(0) ?? 0,
      start: at,
      end: at + 1,
    })).filter(({ id }) => id !== 32);
    const around = addSpecialTokens ? 2 : 0;
    const kept = all.slice(0, Math.max(0, (maxLength ?? Number.POSITIVE_INFINITY) - around));
    const special = { start: 0, end: 0 };
    const tokens = addSpecialTokens ? [{ ...special, id: openId }, ...kept, { ...special, id: closeId }] : kept;
    return {
      ids: Int32Array.from(tokens, ({ id }) => id),
      typeIds: new Uint8Array(tokens.length),
      offsets: Int32Array.from(tokens.flatMap(({ start, end }) => [start, end])),
      special: Uint8Array.from(tokens, ({ id }) => (addSpecialTokens && (id === openId || id === closeId) ? 1 : 0)),
      unknown: kept.filter(({ id }) => id === 0xfffd).length,
      truncated: kept.length < all.length,
      total: all.length + around,
    };
  },
};
