// Replaces what a pattern finds. Patterns are a closed list: a regular expression out of a file could take time without a bound.
import * as z from 'zod';
import { type AlignedText, TextBuilder } from './aligned-text.ts';
import { isWhitespace } from './characters.ts';

export const patternSchema = z.discriminatedUnion('find', [
  z.strictObject({ find: z.literal('text'), text: z.string().min(1).max(64) }),
  /** Two spaces or more. */
  z.strictObject({ find: z.literal('spaces') }),
  /** White space of any kind and length. */
  z.strictObject({ find: z.literal('whitespace') }),
]);

export type Pattern = z.infer<typeof patternSchema>;

/** Tells where a match that begins at a place ends: at or before that place if there is none. */
export type Matcher = (codes: Int32Array, from: number, to: number) => number;

export function createMatcher(pattern: Pattern): Matcher {
  switch (pattern.find) {
    case 'text':
      return literal(codesOf(pattern.text));
    case 'spaces':
      return (codes, from, to) => {
        let end = from;
        while (end < to && codes[end] === 0x20) end += 1;
        return end - from < 2 ? from : end;
      };
    case 'whitespace':
      return (codes, from, to) => {
        let end = from;
        while (end < to && isWhitespace(codes[end] ?? 0)) end += 1;
        return end;
      };
  }
}

function literal(wanted: readonly number[]): Matcher {
  return (codes, from, to) => {
    if (from + wanted.length > to) return from;
    for (const [index, code] of wanted.entries()) if (codes[from + index] !== code) return from;
    return from + wanted.length;
  };
}

export function codesOf(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

/** What replaces a match has the place of the match's last code point. */
export function replaceMatches(text: AlignedText, match: Matcher, content: readonly number[]): AlignedText {
  const builder = new TextBuilder(text);
  for (let index = 0; index < text.length; ) {
    const end = match(text.codes, index, text.length);
    if (end <= index) {
      builder.replace(text.codes[index] ?? 0);
      index += 1;
      continue;
    }
    builder.skip(end - index);
    for (const code of content) builder.insert(code);
    index = end;
  }
  return builder.build();
}
