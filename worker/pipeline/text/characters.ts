// Classes of code points, as the Rust tokenizers tell them apart.
import { CodePointSet } from './code-point-set.ts';
import { combiningRanges, controlRanges, laterRanges, nonspacingRanges, punctuationRanges } from './unicode-sets.ts';

export const whitespace = 1;
/** Control characters, format characters and private use, without tab, line feed and carriage return. */
export const control = 2;
export const punctuation = 4;
export const nonspacing = 8;
/** Combining marks of every kind. */
export const mark = 16;
/** Letters, marks, digits and what joins words: `\\w` of Rust's regular expressions. */
export const word = 32;
/** The Rust tokenizers do not decompose it, nor move it where a later version of Unicode does. */
export const later = 64;
const known = 128;

/** Classes of the basic plane, found once each. */
const classes = new Uint8Array(0x10000);

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
  for (const [bit, set] of sets) if (set.has(code)) found |= bit;
  const text = String.fromCodePoint(code);
  if (/\p{White_Space}/u.test(text)) found |= whitespace;
  if (/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u.test(text)) found |= word;
  return found;
}

let sets: readonly (readonly [number, CodePointSet])[] | undefined;

/** Read when the first text comes: an isolate that gets none never pays for them. */
function readSets(): readonly (readonly [number, CodePointSet])[] {
  return [
    [control, new CodePointSet(controlRanges)],
    [punctuation, new CodePointSet(punctuationRanges)],
    [nonspacing, new CodePointSet(nonspacingRanges)],
    [mark, new CodePointSet(combiningRanges)],
    [later, new CodePointSet(laterRanges)],
  ];
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
