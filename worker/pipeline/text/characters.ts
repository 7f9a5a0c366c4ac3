// Classes of code points, as the Rust tokenizers tell them apart.
import { CodePointSet } from './code-point-set.ts';
import {
  combiningRanges,
  controlRanges,
  laterRanges,
  newestRanges,
  nonspacingRanges,
  punctuationRanges,
} from './unicode-sets.ts';

export const whitespace = 1;
/** Control characters, format characters and private use, without tab, line feed and carriage return. */
export const control = 2;
export const punctuation = 4;
export const nonspacing = 8;
/** Combining marks of every kind. */
export const mark = 16;
/** Letters, marks, digits and what joins words: `\w` of Rust's regular expressions. */
export const word = 32;
/** The Rust tokenizers do not decompose it, nor move it where a later version of Unicode does. */
export const later = 64;
export const letter = 128;
export const number = 256;
/** Numbers of the newest Unicode, too: who cuts around digits asks the language and not a regular expression. */
export const numeric = 1024;
/** May be one character, as people count them, with what stands beside it: marks, joiners, modifiers and the like. */
export const joining = 512;
const known = 2048;

/** Classes of the basic plane, found once each. */
const classes = new Uint16Array(0x10000);

/** @returns the sum of the classes that a code point belongs to */
export function classesOf(code: number): number {
  if (code > 0xffff) return findClasses(code);
  const found = classes[code] ?? 0;
  if (found !== 0) return found;
  classes[code] = findClasses(code);
  return classes[code] ?? 0;
}

function findClasses(code: number): number {
  sets ??= readSets();
  let found = known;
  for (const [bit, set] of sets.byClass) if (set.has(code)) found |= bit;
  const text = String.fromCodePoint(code);
  if (/\p{White_Space}/u.test(text)) found |= whitespace;
  if (/\p{N}/u.test(text)) found |= numeric;
  if (!sets.newest.has(code)) {
    if (/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u.test(text)) found |= word;
    if (/\p{L}/u.test(text)) found |= letter;
    if (/\p{N}/u.test(text)) found |= number;
  }
  if (joiners.test(text)) found |= joining;
  return found;
}

/** The code points listed are letters that join what follows: Grapheme_Cluster_Break=Prepend. */
const joiners =
  /[\p{M}\p{Cf}\p{Grapheme_Extend}\p{Emoji_Modifier}\u0d4e\u{111c2}\u{111c3}\u{1193f}\u{11941}\u{11a3a}\u{11a84}-\u{11a89}\u{11d46}\u{11f02}]/u;

interface Sets {
  readonly byClass: readonly (readonly [number, CodePointSet])[];
  readonly newest: CodePointSet;
}

let sets: Sets | undefined;

/** Read when the first text comes: an isolate that gets none never pays for them. */
function readSets(): Sets {
  return {
    byClass: [
      [control, new CodePointSet(controlRanges)],
      [punctuation, new CodePointSet(punctuationRanges)],
      [nonspacing, new CodePointSet(nonspacingRanges)],
      [mark, new CodePointSet(combiningRanges)],
      [later, new CodePointSet(laterRanges)],
    ],
    newest: new CodePointSet(newestRanges),
  };
}

export function isWhitespace(code: number): boolean {
  return (classesOf(code) & whitespace) !== 0;
}

export function isWord(code: number): boolean {
  return (classesOf(code) & word) !== 0;
}

/** The blocks of CJK ideographs; kana and hangul are written in words. */
export function isIdeograph(code: number): boolean {
  return (
    code >= 0x3400 &&
    ((code >= 0x4e00 && code <= 0x9fff) ||
      code <= 0x4dbf ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0x20000 && code <= 0x2a6df) ||
      (code >= 0x2a700 && code <= 0x2b81f) ||
      (code >= 0x2b920 && code <= 0x2ceaf) ||
      (code >= 0x2f800 && code <= 0x2fa1f))
  );
}
