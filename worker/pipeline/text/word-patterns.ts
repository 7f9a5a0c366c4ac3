// The regular expressions with which well-known models cut texts into words, as functions that look at each code point a few times.
// A file may name one of these by its text; any other is refused when it is published, as nothing bounds the time of a stranger's.
import { classesOf, letter, number, whitespace } from './characters.ts';
import type { Matcher } from './replace.ts';

export const wordPatterns = ['gpt2', 'cl100k', 'qwen2', 'clip'] as const;
export type WordPattern = (typeof wordPatterns)[number];

/** As tokenizer.json has them. */
export const patternTexts: Readonly<Record<WordPattern, string>> = {
  gpt2: String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  cl100k: String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  qwen2: String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  clip: String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
};

export function createWordMatcher(pattern: WordPattern): Matcher {
  switch (pattern) {
    case 'gpt2':
      return (codes, from, to) => matchGpt2(codes, from, to);
    case 'cl100k':
      return (codes, from, to) => matchCl100k(codes, from, to, 3);
    case 'qwen2':
      return (codes, from, to) => matchCl100k(codes, from, to, 1);
    case 'clip':
      return (codes, from, to) => matchClip(codes, from, to);
  }
}

function matchGpt2(codes: Int32Array, from: number, to: number): number {
  const short = contraction(codes, from, to, false);
  if (short > from) return short;
  const start = codes[from] === space && from + 1 < to ? from + 1 : from;
  const kind = kindOf(codes[start] ?? 0);
  if (kind !== whitespace) return runEnd(codes, start, to, kind);
  return whitespaceEnd(codes, from, to);
}

function matchClip(codes: Int32Array, from: number, to: number): number {
  const short = contraction(codes, from, to, false);
  if (short > from) return short;
  const kind = kindOf(codes[from] ?? 0);
  if (kind === whitespace) return from;
  return kind === number ? from + 1 : runEnd(codes, from, to, kind);
}

/** @param digits of a number that stay together */
function matchCl100k(codes: Int32Array, from: number, to: number, digits: number): number {
  const short = contraction(codes, from, to, true);
  if (short > from) return short;
  const code = codes[from] ?? 0;
  const kind = kindOf(code);
  if (kind === letter) return runEnd(codes, from, to, letter);
  // One code point of any kind but a number or a line end goes with the letters behind it.
  if (kind !== number && !isLineEnd(code) && from + 1 < to && kindOf(codes[from + 1] ?? 0) === letter) {
    return runEnd(codes, from + 1, to, letter);
  }
  if (kind === number) return Math.min(from + digits, runEnd(codes, from, to, number));
  const start = code === space && from + 1 < to ? from + 1 : from;
  if (kindOf(codes[start] ?? 0) === other) {
    let end = runEnd(codes, start, to, other);
    while (end < to && isLineEnd(codes[end] ?? 0)) end += 1;
    return end;
  }
  const blank = runEnd(codes, from, to, whitespace);
  for (let end = blank; end > from; end -= 1) if (isLineEnd(codes[end - 1] ?? 0)) return end;
  return whitespaceEnd(codes, from, to);
}

const space = 0x20;
const other = 0;

/** Letter, number, white space, or anything else. */
function kindOf(code: number): number {
  return classesOf(code) & (letter | number | whitespace);
}

function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d;
}

function runEnd(codes: Int32Array, from: number, to: number, kind: number): number {
  let end = from;
  while (end < to && kindOf(codes[end] ?? 0) === kind) end += 1;
  return end;
}

/** White space, without its last code point where a word follows and something is left. */
function whitespaceEnd(codes: Int32Array, from: number, to: number): number {
  const end = runEnd(codes, from, to, whitespace);
  return end < to && end - from > 1 ? end - 1 : end;
}

const contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map((text) =>
  Array.from(text, (character) => character.charCodeAt(0)),
);

/** The long s is an s where case does not count. */
const longS = 0x17f;

function contraction(codes: Int32Array, from: number, to: number, ignoreCase: boolean): number {
  if (codes[from] !== 0x27) return from;
  const lower = (code: number) => (code === longS ? 0x73 : code >= 0x41 && code <= 0x5a ? code + 0x20 : code);
  for (const wanted of contractions) {
    const end = from + wanted.length;
    if (end > to) continue;
    const fits = wanted.every((code, index) => {
      const found = codes[from + index] ?? 0;
      return code === (ignoreCase ? lower(found) : found);
    });
    if (fits) return end;
  }
  return from;
}
