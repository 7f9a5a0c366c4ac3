// How a number was written in JSON that was parsed, for messages: JSON.parse rounds what is beyond 2^53, and turns what is beyond FP64
// into an infinity.

import { backslash, closeBrace, closeBracket, colon, comma, openBrace, openBracket, quote } from './json-bytes.ts';

/**
 * @param bytes well-formed JSON
 * @param path names of members and indexes of items, from the outermost
 * @returns the text of the value at the path; of a name that stands twice in an object the last, as JSON.parse has it; null if there is
 *   no such value
 */
export function sourceAt(bytes: Uint8Array, path: readonly (string | number)[]): string | null {
  let start = skipSpace(bytes, 0);
  for (const step of path) {
    const at = typeof step === 'number' ? itemAt(bytes, start, step) : memberAt(bytes, start, step);
    if (at === null) return null;
    start = at;
  }
  return new TextDecoder().decode(bytes.subarray(start, valueEnd(bytes, start)));
}

function itemAt(bytes: Uint8Array, start: number, index: number): number | null {
  if (bytes[start] !== openBracket) return null;
  let at = skipSpace(bytes, start + 1);
  for (let item = 0; at < bytes.length && bytes[at] !== closeBracket; item++) {
    if (item === index) return at;
    at = skipSpace(bytes, valueEnd(bytes, at));
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1);
  }
  return null;
}

function memberAt(bytes: Uint8Array, start: number, name: string): number | null {
  if (bytes[start] !== openBrace) return null;
  let found: number | null = null;
  let at = skipSpace(bytes, start + 1);
  while (at < bytes.length && bytes[at] !== closeBrace) {
    const keyEnd = valueEnd(bytes, at);
    const key: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(at, keyEnd)));
    at = skipSpace(bytes, keyEnd);
    if (bytes[at] === colon) at = skipSpace(bytes, at + 1);
    if (key === name) found = at;
    at = skipSpace(bytes, valueEnd(bytes, at));
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1);
  }
  return found;
}

/** @returns the index behind the value that begins at an index */
function valueEnd(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) {
      at = stringEnd(bytes, at);
      if (depth === 0) return at + 1;
    } else if (byte === openBrace || byte === openBracket) {
      depth++;
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === comma || byte === colon || isSpace(byte))) {
      return at;
    }
  }
  return bytes.length;
}

/** Index of the quote that ends the string that begins at an index. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isSpace(bytes[at])) at++;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
