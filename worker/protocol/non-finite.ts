// The tokens NaN, Infinity and -Infinity, which JSON does not have and which clients write and read all the same: Python's json module,
// and with it tritonclient, and TensorFlow Serving by its documentation.
// @see https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md#json-conformance

import { PopserveError } from '../../registry/errors.ts';

/** The tokens as they are spelled. */
export const nonFiniteTokens = ['NaN', 'Infinity', '-Infinity'] as const;

type Token = (typeof nonFiniteTokens)[number];

/** How an answer writes NaN and infinities: as `null`, which is JSON, or as the bare tokens for callers who ask for them. */
export type NonFinite = 'null' | 'bare';

/** A number as text; JSON.stringify would drop the sign of -0. */
export function numberText(value: number, nonFinite: NonFinite): string {
  if (Object.is(value, -0)) return '-0';
  return nonFinite === 'bare' && !Number.isFinite(value) ? String(value) : JSON.stringify(value);
}

/** A value of plain objects and arrays as text. */
export function writeJson(value: unknown, nonFinite: NonFinite): string {
  if (nonFinite === 'null' || value === null || (typeof value !== 'object' && typeof value !== 'number')) {
    return JSON.stringify(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : String(value);
  if (Array.isArray(value)) return `[${value.map((item) => writeJson(item ?? null, nonFinite)).join(',')}]`;
  const members = Object.entries(value).filter(([, part]) => part !== undefined);
  return `{${members.map(([name, part]) => `${JSON.stringify(name)}:${writeJson(part, nonFinite)}`).join(',')}}`;
}

/** What parsed JSON has in the place of a token. No other reader of a number, a string or an object can take it for one. */
const symbols: Readonly<Record<Token, symbol>> = {
  NaN: Symbol('NaN'),
  Infinity: Symbol('Infinity'),
  '-Infinity': Symbol('-Infinity'),
};

/** @param text as a query has it: `nan`, `inf` or `infinity` with or without a sign, in any case; null for any other */
export function nonFiniteOf(text: string): symbol | null {
  if (/^nan$/i.test(text)) return symbols.NaN;
  if (/^\+?inf(inity)?$/i.test(text)) return symbols.Infinity;
  return /^-inf(inity)?$/i.test(text) ? symbols['-Infinity'] : null;
}

/** The number that a token stands for; null for any other value. */
export function nonFiniteNumber(value: unknown): number | null {
  return typeof value === 'symbol' ? Number(value.description) : null;
}

/**
 * The number of a token that stands in quotes, as Jackson writes it, and with it Triton's client for Java, and as protobuf's JSON has it;
 * null for any other value. Only readers of floats ask: elsewhere it is a string.
 * @see https://protobuf.dev/programming-guides/json/
 */
export function quotedNumber(value: unknown): number | null {
  return nonFiniteTokens.some((token) => token === value) ? Number(value) : null;
}

/**
 * Parses JSON in which tokens may stand in the places of values. Such a text is parsed twice; any other costs what JSON.parse does.
 * @returns the value, with a symbol for each token: see {@link nonFiniteNumber}
 * @throws {SyntaxError} if it is not JSON otherwise
 * @throws {PopserveError} TOO_LARGE for more tokens than are read
 */
export function parseWithTokens(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const marks = marksOf();
    const marked = markTokens(new TextEncoder().encode(text), marks);
    if (marked === null) throw error;
    return unmark(JSON.parse(new TextDecoder().decode(marked)), marks);
  }
}

/** A value of {@link parseWithTokens} with a number for each token, for readers that check numbers themselves. */
export function withNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNumbers);
  if (typeof value !== 'object' || value === null) return nonFiniteNumber(value) ?? value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withNumbers(part)]));
}

/** Each costs about three times what a number does. The arrays of large tensors, which are read as bytes, do not count. */
const mostTokens = 262_144;
/** Short, so that a million tokens make the text no more than thrice as long. */
const markCharacters = 5;

interface Marks {
  /** As JSON, by the first byte of the token. */
  readonly bytes: Readonly<Record<Token, Uint8Array>>;
  readonly byText: ReadonlyMap<string, symbol>;
}

let made: Marks | undefined;

/** Random, so that no caller's string is taken for a token. */
function marksOf(): Marks {
  made ??= makeMarks();
  return made;
}

function makeMarks(): Marks {
  const mark = crypto.randomUUID().replaceAll('-', '').slice(-markCharacters);
  const bytesOf = (kind: string) => new TextEncoder().encode(`"${mark}${kind}"`);
  return {
    bytes: { NaN: bytesOf('n'), Infinity: bytesOf('p'), '-Infinity': bytesOf('m') },
    byText: new Map([
      [`${mark}n`, symbols.NaN],
      [`${mark}p`, symbols.Infinity],
      [`${mark}m`, symbols['-Infinity']],
    ]),
  };
}

const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const upperN = 0x4e;
const upperI = 0x49;
const colon = 0x3a;

const words = nonFiniteTokens.map((token) => ({ token, bytes: new TextEncoder().encode(token) }));

/** @returns which token begins at an index; null if none does */
export function tokenAt(bytes: Uint8Array, at: number): Token | null {
  const first = bytes[at];
  if (first !== upperN && first !== upperI && first !== minus) return null;
  for (const { token, bytes: word } of words) if (standsAt(word, bytes, at)) return token;
  return null;
}

function standsAt(word: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word[index]) return false;
  return true;
}

/**
 * @param bytes of a text that JSON.parse has refused
 * @returns the text with a string for each token outside strings; null if there is none
 */
function markTokens(bytes: Uint8Array, marks: Marks): Uint8Array | null {
  let length = bytes.length;
  let found = 0;
  visitTokens(bytes, (token) => {
    length += marks.bytes[token].length - token.length;
    found++;
  });
  if (found === 0) return null;
  if (found > mostTokens) {
    throw new PopserveError(
      'TOO_LARGE',
      `the JSON holds more than ${mostTokens} NaN or infinities: send large tensors as a flat or nested 'data', or in the binary form`,
    );
  }
  // One buffer: a piece for each of a million tokens would take a hundred times their size.
  const marked = new Uint8Array(length);
  let [copied, end] = [0, 0];
  const copy = (to: number) => {
    while (copied < to) marked[end++] = bytes[copied++] ?? 0;
  };
  visitTokens(bytes, (token, at) => {
    copy(at);
    const mark = marks.bytes[token];
    for (let index = 0; index < mark.length; index++) marked[end++] = mark[index] ?? 0;
    copied += token.length;
  });
  copy(bytes.length);
  return marked;
}

function visitTokens(bytes: Uint8Array, visit: (token: Token, at: number) => void): void {
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === quote) {
      for (at++; at < bytes.length && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++;
      continue;
    }
    const token = tokenAt(bytes, at);
    if (token === null) continue;
    // A token is no name of a member: JSON.parse refuses it there.
    if (!isName(bytes, at + token.length)) visit(token, at);
    at += token.length - 1;
  }
}

function isName(bytes: Uint8Array, end: number): boolean {
  let at = end;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return bytes[at] === colon;
}

function unmark(value: unknown, marks: Marks): unknown {
  if (typeof value === 'string') {
    return value.length === markCharacters + 1 ? (marks.byText.get(value) ?? value) : value;
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item === 'string' || typeof item === 'object') value[index] = unmark(item, marks);
    }
  } else if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    for (const name of Object.keys(members)) members[name] = unmark(members[name], marks);
  }
  return value;
}
