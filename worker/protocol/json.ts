// JSON from outside: bounded before anything is allocated for it, faults named by position, the long arrays that hold tensors left
// as bytes until their datatype is known.
import { invalid, PopserveError } from '../../registry/errors.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { isPrototypeName, prototypeRefusal } from '../../registry/prototype-names.ts';
import { describeValue } from './describe.ts';
import { markWideIntegers } from './exact-integers.ts';
import { findJsonFault } from './json-fault.ts';
import { sourceAt } from './json-source.ts';
import { parseWithTokens } from './non-finite.ts';
import { type DataSlice, uncounted } from './slice-reader.ts';

export interface JsonLimits {
  readonly maxDepth: number;
  /** Array elements and object members, those of arrays that stay bytes aside. */
  readonly maxValues: number;
  /** Arrays and objects likewise: JSON.parse makes 16 bytes and more of each three-byte `[],`. Default: no limit. */
  readonly maxContainers?: number;
  /** Members of one object: beyond some thousands each costs microseconds. Default: no limit. */
  readonly maxMembers?: number;
}

/** Limits of a request's JSON beside its tensors' data; they allow about 16 MiB and 100 ms of CPU at the most. */
export const requestLimits = { maxValues: 1_048_576, maxContainers: 262_144, maxMembers: 16_384 } as const;

/**
 * Which arrays stay bytes: `tensors`, those under the key `data` of an entry of `inputs` or `outputs`; `columns`, TensorFlow
 * Serving's `instances` and `inputs` and the members of `inputs`.
 */
export type Packing = 'none' | 'tensors' | 'columns';

/** Shorter arrays are parsed with the rest. */
export const leastSliceBytes = 512;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const keys = {
  data: new TextEncoder().encode('"data"'),
  instances: new TextEncoder().encode('"instances"'),
  inputs: new TextEncoder().encode('"inputs"'),
};

/**
 * How the end of an array that stays bytes is found. `exact`: its brackets are paired. `quick`: an array that begins with a number ends
 * at the next bracket that closes one, which holds unless there are strings or arrays among its numbers. Whoever reads its elements
 * notices that, and then the text has to be read again.
 */
export type Ends = 'exact' | 'quick';

/** One pass over the brackets, commas and colons outside strings; costs about as much as JSON.parse. */
class Scan {
  readonly found: DataSlice[] = [];
  readonly #bytes: Uint8Array;
  readonly #limits: JsonLimits;
  readonly #packing: Packing;
  /** The byte that closes each open bracket, and how many members its object has. */
  readonly #closers: number[] = [];
  readonly #members: number[] = [];
  readonly #ends: Ends;
  #values = 1;
  #containers = 0;

  constructor(bytes: Uint8Array, limits: JsonLimits, packing: Packing, ends: Ends) {
    this.#ends = ends;
    this.#bytes = bytes;
    this.#limits = limits;
    this.#packing = packing;
  }

  run(): DataSlice[] {
    const bytes = this.#bytes;
    let quoteAt = -1;
    let quoteEndAt = -1;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === quote) {
        quoteAt = at;
        at = stringEnd(bytes, at);
        quoteEndAt = at;
      } else if (byte === comma) {
        this.#count(1);
      } else if (byte === colon) {
        this.#countMember();
        if (quoteEndAt - quoteAt > leastPrototypeName) refusePrototypeName(bytes, quoteAt, quoteEndAt);
      } else if (byte === openBracket || byte === openBrace) {
        const slice = byte === openBracket && this.#packs(quoteAt, at) ? this.#skip(at) : null;
        if (slice !== null && slice.end - slice.start >= leastSliceBytes) {
          this.found.push(slice);
          at = slice.end - 1;
        } else {
          this.#open(byte);
        }
      } else if (byte === closeBracket || byte === closeBrace) {
        this.#closers.pop();
        this.#members.pop();
      }
    }
    return this.found;
  }

  #open(byte: number): void {
    this.#closers.push(byte === openBracket ? closeBracket : closeBrace);
    this.#members.push(0);
    this.#checkDepth(this.#closers.length);
    const { maxContainers = Number.POSITIVE_INFINITY } = this.#limits;
    if (++this.#containers > maxContainers) throw tooMany('arrays and objects', maxContainers);
  }

  #checkDepth(depth: number): void {
    const { maxDepth } = this.#limits;
    if (depth > maxDepth) throw invalid(`the JSON is nested deeper than ${maxDepth} levels`);
  }

  #count(values: number): void {
    this.#values += values;
    if (this.#values > this.#limits.maxValues) throw tooMany('values', this.#limits.maxValues);
  }

  #countMember(): void {
    const last = this.#members.length - 1;
    const { maxMembers = Number.POSITIVE_INFINITY } = this.#limits;
    const members = (this.#members[last] ?? 0) + 1;
    if (members > maxMembers) throw tooMany('members in one object', maxMembers);
    this.#members[last] = members;
  }

  /** Whether the array that opens at an index is one that holds a tensor, by the key before it and the brackets around it. */
  #packs(quoteAt: number, at: number): boolean {
    if (this.#packing === 'none') return false;
    const depth = this.#closers.length;
    const [outer, middle, inner] = this.#closers;
    if (this.#packing === 'tensors') {
      const inEntry = depth === 3 && outer === closeBrace && middle === closeBracket && inner === closeBrace;
      return inEntry && this.#isKey(keys.data, quoteAt, at);
    }
    if (depth === 1 && outer === closeBrace) {
      return this.#isKey(keys.inputs, quoteAt, at) || this.#isKey(keys.instances, quoteAt, at);
    }
    return (
      depth === 2 && outer === closeBrace && middle === closeBrace && this.#follows(stringEnd(this.#bytes, quoteAt), at)
    );
  }

  /** Whether the last string before an index is a key of this name. */
  #isKey(key: Uint8Array, quoteAt: number, at: number): boolean {
    for (let index = 0; index < key.length; index++) if (this.#bytes[quoteAt + index] !== key[index]) return false;
    return this.#follows(quoteAt + key.length - 1, at);
  }

  /** Whether nothing but one colon and space stands between a string's end and an index. */
  #follows(stringEndAt: number, at: number): boolean {
    let colons = 0;
    for (let index = stringEndAt + 1; index < at; index++) {
      const byte = this.#bytes[index];
      if (byte === colon) colons++;
      else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
    }
    return colons === 1;
  }

  /** The array from its `[` to the `]` that closes it. @throws {PopserveError} INVALID_ARGUMENT if none does */
  #skip(start: number): DataSlice {
    const bytes = this.#bytes;
    const outside = this.#closers.length;
    if (this.#ends === 'quick' && startsNumbers(bytes, start)) {
      const end = bytes.indexOf(closeBracket, start);
      if (end < 0) throw malformed(bytes);
      this.#checkDepth(outside + 1);
      return { bytes, start, end: end + 1, commas: uncounted, containers: 1 };
    }
    const closers: number[] = [];
    let commas = 0;
    let containers = 0;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === comma) commas++;
      else if (byte === quote) at = stringEnd(bytes, at);
      else if (byte === openBracket || byte === openBrace) {
        closers.push(byte === openBracket ? closeBracket : closeBrace);
        containers++;
        this.#checkDepth(outside + closers.length);
      } else if (byte === closeBracket || byte === closeBrace) {
        if (closers.pop() !== byte) throw malformed(bytes);
        if (closers.length === 0) return { bytes, start, end: at + 1, commas, containers };
      }
    }
    throw malformed(bytes);
  }
}

/** Whether the first item of the array that begins at an index is a number. */
function startsNumbers(bytes: Uint8Array, start: number): boolean {
  let at = start + 1;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  const byte = bytes[at] ?? 0;
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
}

/** Index of the quote that ends the string that begins at an index. */
function stringEnd(bytes: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < bytes.length && bytes[end] !== quote) end += bytes[end] === backslash ? 2 : 1;
  return end;
}

/** `__proto__` or `prototype`. */
const leastPrototypeName = 9;
/** `constructor` with each character as `\u0063`, and its quotes. */
const mostPrototypeName = 6 * 11 + 2;

/**
 * @param at index of the quote before a member's name
 * @param endAt index of the quote behind it
 * @throws {PopserveError} INVALID_ARGUMENT
 */
function refusePrototypeName(bytes: Uint8Array, at: number, endAt: number): void {
  if (endAt - at >= mostPrototypeName) return;
  const first = bytes[at + 1];
  // Most names begin otherwise: `_`, `c` and `p`, or an escape anywhere.
  if (first !== 0x5f && first !== 0x63 && first !== 0x70 && first !== backslash) return;
  const name = nameOf(bytes.subarray(at, endAt + 1));
  if (isPrototypeName(name)) throw invalid(`the JSON: '${name}' ${prototypeRefusal}`);
}

/** The text of a JSON string, escapes read; nothing where it is none, which the parser tells better. */
function nameOf(string: Uint8Array): string {
  try {
    return String(JSON.parse(new TextDecoder().decode(string)));
  } catch {
    return '';
  }
}

function tooMany(what: string, limit: number): PopserveError {
  return new PopserveError(
    'TOO_LARGE',
    `the JSON holds more than ${limit} ${what}: send large tensors as a flat or nested 'data', or in the binary form`,
  );
}

/**
 * For JSON that is parsed elsewhere.
 * @throws {PopserveError} INVALID_ARGUMENT beyond the depth and for a member called `__proto__`, `constructor` or `prototype`;
 *   TOO_LARGE beyond the other limits
 */
export function boundJson(bytes: Uint8Array, limits: JsonLimits): void {
  new Scan(bytes, limits, 'none', 'exact').run();
}

/** Finding the fault takes as long again as reading did: larger bodies, which no person wrote, are refused without its place. */
const mostSearchedBytes = 4 * mebibyte;

/** The error for bytes that are not JSON, with the place of the first fault. */
function malformed(bytes: Uint8Array): PopserveError {
  if (bytes.length > mostSearchedBytes) {
    return invalid(
      `the body is not JSON; in bodies of at most ${mostSearchedBytes} bytes this message names the place of the fault`,
    );
  }
  if (!isUtf8(bytes)) return invalid('the body is not JSON: it is not valid UTF-8');
  const fault = findJsonFault(bytes);
  if (fault === undefined) return invalid('the body is not JSON');
  let position = 0;
  let line = 1;
  let lineStart = 0;
  for (let at = 0; at < fault.position; at++) {
    const byte = bytes[at] ?? 0;
    // Positions are those of JavaScript's strings: two for what takes four bytes of UTF-8, none for what continues a character.
    if (byte < 0x80 || byte >= 0xc0) position += byte >= 0xf0 ? 2 : 1;
    if (byte === 0x0a) {
      line++;
      lineStart = position;
    }
  }
  const column = position - lineStart + 1;
  const rest = new TextDecoder().decode(bytes.subarray(fault.position, fault.position + 4));
  const got = rest.codePointAt(0);
  const came = got === undefined ? 'the end' : describeValue(String.fromCodePoint(got));
  return invalid(
    `the body is not JSON: expected ${fault.expected} at position ${position} (line ${line}, column ${column}), got ${came}`,
  );
}

/** Without a string of it all. */
function isUtf8(bytes: Uint8Array): boolean {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  const pieceBytes = 65_536;
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      decoder.decode(bytes.subarray(at, at + pieceBytes), { stream: true });
    }
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

/** Random, so that nobody can send a placeholder. */
let placeholderPrefix: string | undefined;

/** A parsed text with the arrays of it that stay bytes. A class: made for every request, it costs no closures. */
export class ParsedJson {
  /** With packing, some arrays are placeholders: see {@link ParsedJson.sliceOf}. NaN and infinities are symbols: see non-finite.ts. */
  readonly value: unknown;
  readonly #bytes: Uint8Array;
  readonly #slices: readonly DataSlice[];
  #unread = 0;
  #exact: unknown;

  constructor(bytes: Uint8Array, slices: readonly DataSlice[]) {
    this.#bytes = bytes;
    this.#slices = slices;
    this.value = slices.length === 0 ? this.#parse(bytes) : this.#parseAround();
  }

  /** The only array that stays bytes, once somebody has asked for it; null where there are several, or none. */
  get onlySlice(): DataSlice | null {
    return this.#slices.length === 1 && this.#unread === 0 ? (this.#slices[0] ?? null) : null;
  }

  get hasSlices(): boolean {
    return this.#slices.length > 0;
  }

  /** Whether the end of an array was found quickly: then every error has to be found again with exact ends. */
  get isQuick(): boolean {
    return this.#slices.some(({ commas }) => commas === uncounted);
  }

  /** The array that a placeholder stands for; null for any other value. */
  sliceOf(value: unknown): DataSlice | null {
    if (this.#slices.length === 0 || !Array.isArray(value) || value.length !== 1) return null;
    const [only]: unknown[] = value;
    const prefix = placeholderPrefix ?? '';
    if (typeof only !== 'string' || !only.startsWith(prefix)) return null;
    const slice = this.#slices[Number(only.slice(prefix.length))] ?? null;
    if (slice !== null) this.#unread--;
    return slice;
  }

  /** Checks the arrays that nobody asked for. @throws {PopserveError} INVALID_ARGUMENT if one is not JSON */
  settle(): void {
    if (this.#unread <= 0) return;
    for (const { start, end } of this.#slices) {
      if (findJsonFault(this.#bytes, start, end) !== undefined) throw this.fault();
    }
    if (!isUtf8(this.#bytes)) throw this.fault();
  }

  /**
   * An array that was left as bytes, parsed after all.
   * @throws {PopserveError} INVALID_ARGUMENT if it is not JSON, TOO_LARGE if it holds more than is parsed
   */
  parseSlice({ start, end }: DataSlice, maxDepth: number): unknown {
    const bytes = this.#bytes.subarray(start, end);
    boundJson(bytes, { maxDepth, ...requestLimits });
    return this.#parse(bytes);
  }

  /** The same with marked integers: see {@link ParsedJson.exact}. */
  exactSlice({ start, end }: DataSlice): unknown {
    const bytes = this.#bytes.subarray(start, end);
    const marked = markWideIntegers(bytes);
    return marked === null ? this.#parse(bytes) : parseWithTokens(marked);
  }

  /** How a number at a path was written: see json-source.ts. */
  sourceAt(path: readonly (string | number)[]): string | null {
    return sourceAt(this.#bytes, path);
  }

  /** The error of a text that is not JSON, for whoever finds that out while reading a slice. */
  fault(): PopserveError {
    return malformed(this.#bytes);
  }

  /**
   * The value with integers beyond 2^53 that are written as plain digits as marked strings: see exact-integers.ts. Without
   * placeholders; parsed when first asked for.
   */
  exact(): unknown {
    if (this.#exact === undefined) {
      const marked = markWideIntegers(this.#bytes);
      this.#exact = marked === null ? this.#parse(this.#bytes) : parseWithTokens(marked);
    }
    return this.#exact;
  }

  #parse(bytes: Uint8Array): unknown {
    try {
      return parseWithTokens(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
    } catch (error) {
      throw error instanceof PopserveError ? error : malformed(this.#bytes);
    }
  }

  #parseAround(): unknown {
    placeholderPrefix ??= crypto.randomUUID();
    this.#unread = this.#slices.length;
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
    try {
      let text = '';
      let at = 0;
      for (const [index, { start, end }] of this.#slices.entries()) {
        text += `${decoder.decode(this.#bytes.subarray(at, start))}["${placeholderPrefix}${index}"]`;
        at = end;
      }
      return parseWithTokens(text + decoder.decode(this.#bytes.subarray(at)));
    } catch (error) {
      throw error instanceof PopserveError ? error : malformed(this.#bytes);
    }
  }
}

/**
 * @param bytes UTF-8
 * @param packing which arrays stay bytes; their elements count towards no limit here
 * @param ends how these arrays' ends are found
 * @throws {PopserveError} INVALID_ARGUMENT if it is not UTF-8, not JSON or nested too deep, and for a member called `__proto__`,
 *   `constructor` or `prototype`; TOO_LARGE beyond the other limits
 */
export function parseJson(
  bytes: Uint8Array,
  limits: JsonLimits,
  packing: Packing = 'none',
  ends: Ends = 'exact',
): ParsedJson {
  return new ParsedJson(bytes, new Scan(bytes, limits, packing, ends).run());
}
