// The steps that cut a text into words: each a pure function of pieces.
import * as z from 'zod';
import { classesOf, punctuation, whitespace } from './characters.ts';
import { Pieces } from './pieces.ts';

export const preTokenizerSchema = z.discriminatedUnion('type', [
  /** At white space, which goes, and around each punctuation mark. */
  z.strictObject({ type: z.literal('bert') }),
]);

export type PreTokenizerSpec = z.infer<typeof preTokenizerSchema>;

export type PreTokenizer = (pieces: Pieces) => Pieces;

export function createPreTokenizer(spec: PreTokenizerSpec): PreTokenizer {
  switch (spec.type) {
    case 'bert':
      return splitBert;
  }
}

function splitBert(pieces: Pieces): Pieces {
  const { codes } = pieces.text;
  const words = new Pieces(pieces.text);
  for (let piece = 0; piece < pieces.length; piece += 1) {
    let from = pieces.from(piece);
    const to = pieces.to(piece);
    for (let index = from; index < to; index += 1) {
      const classes = classesOf(codes[index] ?? 0);
      if ((classes & (whitespace | punctuation)) === 0) continue;
      words.add(from, index);
      if ((classes & whitespace) === 0) words.add(index, index + 1);
      from = index + 1;
    }
    words.add(from, to);
  }
  return words;
}
