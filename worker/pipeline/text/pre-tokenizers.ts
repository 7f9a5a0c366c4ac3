// The steps that cut a text into words: each a pure function of pieces.
import * as z from 'zod';
import { TextBuilder } from './aligned-text.ts';
import { putBytes } from './byte-level.ts';
import { classesOf, numeric, punctuation, whitespace, word } from './characters.ts';
import { Pieces } from './pieces.ts';
import { codesOf, createMatcher, type Matcher, patternSchema } from './replace.ts';
import { behaviours, splitAt } from './split.ts';
import { createWordMatcher, wordPatterns } from './word-patterns.ts';

const behaviour = z.enum(behaviours);

export const preTokenizerSchema = z.discriminatedUnion('type', [
  /** At white space, which goes, and around each punctuation mark. */
  z.strictObject({ type: z.literal('bert') }),
  /** Runs of letters, marks and digits, and runs of anything else but white space, which goes. */
  z.strictObject({ type: z.literal('words') }),
  /** At white space, which goes. */
  z.strictObject({ type: z.literal('whitespace') }),
  z.strictObject({ type: z.literal('punctuation'), behaviour }),
  z.strictObject({ type: z.literal('digits'), behaviour: z.enum(['isolated', 'contiguous']) }),
  /** At matches of one of the known patterns. */
  z.strictObject({
    type: z.literal('split'),
    pattern: z.union([patternSchema, z.strictObject({ find: z.enum(wordPatterns) })]),
    behaviour,
    invert: z.boolean(),
  }),
  /** Bytes as visible characters; `prepend`: with a space before each piece that has none. */
  z.strictObject({ type: z.literal('bytes'), prepend: z.boolean(), words: z.boolean() }),
  /** Spaces as a visible character, put before a piece that does not begin with it; cut before each of them. */
  z.strictObject({
    type: z.literal('metaspace'),
    replacement: z.string().regex(/^.$/u),
    prepend: z.enum(['always', 'first', 'never']),
    split: z.boolean(),
  }),
]);

export type PreTokenizerSpec = z.infer<typeof preTokenizerSchema>;

export type PreTokenizer = (pieces: Pieces) => Pieces;

export function createPreTokenizer(spec: PreTokenizerSpec): PreTokenizer {
  switch (spec.type) {
    case 'bert':
      return splitBert;
    case 'words':
      return (pieces) => splitAt(pieces, matchWord, { behaviour: 'removed', invert: true });
    case 'whitespace':
      return (pieces) => splitAt(pieces, matchEach(whitespace), { behaviour: 'removed', invert: false });
    case 'punctuation':
      return (pieces) => splitAt(pieces, matchEach(punctuation), { behaviour: spec.behaviour, invert: false });
    case 'digits':
      return (pieces) => splitAt(pieces, matchEach(numeric), { behaviour: spec.behaviour, invert: false });
    case 'split': {
      const { pattern, behaviour: what, invert } = spec;
      const match = isWordPattern(pattern) ? createWordMatcher(pattern.find) : createMatcher(pattern);
      return (pieces) => splitAt(pieces, match, { behaviour: what, invert });
    }
    case 'bytes':
      return (pieces) => splitBytes(pieces, spec);
    case 'metaspace':
      return (pieces) => splitMetaspace(pieces, spec);
  }
}

type SplitPattern = Extract<PreTokenizerSpec, { type: 'split' }>['pattern'];

function isWordPattern(pattern: SplitPattern): pattern is { find: (typeof wordPatterns)[number] } {
  return (wordPatterns as readonly string[]).includes(pattern.find);
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

/** Each code point of a class is a match of its own. */
function matchEach(wanted: number): Matcher {
  return (codes, from) => ((classesOf(codes[from] ?? 0) & wanted) === 0 ? from : from + 1);
}

function matchWord(codes: Int32Array, from: number, to: number): number {
  const kind = classesOf(codes[from] ?? 0) & (word | whitespace);
  if ((kind & whitespace) !== 0) return from;
  let end = from + 1;
  while (end < to && (classesOf(codes[end] ?? 0) & (word | whitespace)) === kind) end += 1;
  return end;
}

/** Writes all pieces anew, one behind the other. */
function rewrite(pieces: Pieces, write: (builder: TextBuilder, from: number, to: number) => void): Pieces {
  const builder = new TextBuilder(pieces.text);
  const ends: number[] = [];
  for (let piece = 0; piece < pieces.length; piece += 1) {
    const [from, to] = [pieces.from(piece), pieces.to(piece)];
    builder.moveTo(from);
    write(builder, from, to);
    ends.push(builder.length);
  }
  const rewritten = new Pieces(builder.build());
  for (const [index, end] of ends.entries()) rewritten.add(ends[index - 1] ?? 0, end);
  return rewritten;
}

const space = 0x20;

const matchGpt2 = createWordMatcher('gpt2');

function splitBytes(pieces: Pieces, { prepend, words }: Extract<PreTokenizerSpec, { type: 'bytes' }>): Pieces {
  const { codes } = pieces.text;
  const spaced = prepend
    ? rewrite(pieces, (builder, from, to) => {
        const hasSpace = codes[from] === space;
        if (!hasSpace) builder.replace(space);
        for (let index = from; index < to; index += 1) {
          if (index === from && !hasSpace) builder.insert(codes[index] ?? 0);
          else builder.replace(codes[index] ?? 0);
        }
      })
    : pieces;
  const cut = words ? splitAt(spaced, matchGpt2, { behaviour: 'isolated', invert: false }) : spaced;
  return rewrite(cut, (builder, from, to) => {
    for (let index = from; index < to; index += 1) putBytes(builder, cut.text.codes[index] ?? 0);
  });
}

function splitMetaspace(pieces: Pieces, spec: Extract<PreTokenizerSpec, { type: 'metaspace' }>): Pieces {
  const { codes, starts } = pieces.text;
  const [mark = 0] = codesOf(spec.replacement);
  const visible = (code: number) => (code === space ? mark : code);
  const marked = rewrite(pieces, (builder, from, to) => {
    const wanted = spec.prepend === 'always' || (spec.prepend === 'first' && starts[from] === 0);
    const prepends = wanted && visible(codes[from] ?? 0) !== mark;
    if (prepends) {
      builder.replace(mark);
      builder.insert(codes[from] ?? 0);
    }
    for (let index = prepends ? from + 1 : from; index < to; index += 1) builder.replace(visible(codes[index] ?? 0));
  });
  if (!spec.split) return marked;
  const matchMark: Matcher = (all, from) => (all[from] === mark ? from + 1 : from);
  return splitAt(marked, matchMark, { behaviour: 'merged-with-next', invert: false });
}
