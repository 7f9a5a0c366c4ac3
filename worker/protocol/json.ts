// JSON from outside: bounded before anything is allocated for it, faults named by position, 64-bit integers exact on demand.
import { invalid, PopserveError } from '../../registry/errors.ts';
import { describeValue } from './describe.ts';
import { findJsonFault } from './json-fault.ts';
import { findNumberArray, type NumberArray } from './number-array.ts';

export interface JsonLimits {
  readonly maxDepth: number;
  /** Array elements and object members in the whole text. */
  readonly maxValues: number;
}

const dataKey = new TextEncoder().encode('"data"');

/**
 * Nesting and number of values, from the brackets and commas outside strings. JSON.parse makes 16 bytes and more of each
 * three-byte `[],`, and its reviver recurses, so both are bounded first; costs about a tenth of the parse.
 * @returns the long arrays of numbers under a key `data`, if `packNumbers` asks for them
 */
function scan(bytes: Uint8Array, limits: JsonLimits, packNumbers: boolean): NumberArray[] {
  const found: NumberArray[] = [];
  let depth = 0;
  let commas = 0;
  let quoteAt = -1;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case 0x22: // "
        quoteAt = at;
        for (at++; at < bytes.length && bytes[at] !== 0x22; at++) {
          if (bytes[at] === 0x5c) at++;
        }
        break;
      case 0x2c: // ,
        commas++;
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (packNumbers && bytes[at] === 0x5b && isData(bytes, quoteAt, at)) {
          const numbers = findNumberArray(bytes, at + 1);
          if (numbers !== null) {
            found.push(numbers);
            commas += numbers.count - 1;
            at = numbers.end;
            break;
          }
        }
        if (++depth > limits.maxDepth) throw invalid(`the JSON is nested deeper than ${limits.maxDepth} levels`);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
    }
  }
  if (commas >= limits.maxValues) {
    throw new PopserveError(
      'TOO_LARGE',
      `the JSON holds ${commas + 1} values or more, the limit is ${limits.maxValues}`,
    );
  }
  return found;
}

/**
 * For JSON that is parsed elsewhere.
 * @throws PopserveError INVALID_ARGUMENT beyond the depth, TOO_LARGE beyond the number of values
 */
export function boundJson(bytes: Uint8Array, limits: JsonLimits): void {
  scan(bytes, limits, false);
}

/** Whether the `[` at an index stands behind `"data":`, the last string before it. */
function isData(bytes: Uint8Array, quoteAt: number, at: number): boolean {
  for (let index = 0; index < dataKey.length; index++) if (bytes[quoteAt + index] !== dataKey[index]) return false;
  let colons = 0;
  for (let index = quoteAt + dataKey.length; index < at; index++) {
    const byte = bytes[index];
    if (byte === 0x3a) colons++;
    else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
  }
  return colons === 1;
}

function malformed(text: string): PopserveError {
  const fault = findJsonFault(text);
  if (fault === undefined) return invalid('the body is not JSON');
  let line = 1;
  let lineStart = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < fault.position; end = text.indexOf('\n', lineStart)) {
    line++;
    lineStart = end + 1;
  }
  const column = fault.position - lineStart + 1;
  const got = text.codePointAt(fault.position);
  const came = got === undefined ? 'the end' : describeValue(String.fromCodePoint(got).toWellFormed());
  return invalid(
    `the body is not JSON: expected ${fault.expected} at position ${fault.position} (line ${line}, column ${column}), got ${came}`,
  );
}

function keepExactIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d{16,20}$/.test(source) ? BigInt(source) : value;
}

/** Not to be guessed, so that nobody can send one. */
let placeholderPrefix: string | undefined;

/** A parsed text, and what of it was left unparsed until somebody asks. A class: made for every request, it costs no closures. */
export class ParsedJson {
  /** With `packNumbers`, long arrays of numbers under a key `data` are placeholders: see {@link ParsedJson.numbersOf}. */
  readonly value: unknown;
  readonly #bytes: Uint8Array;
  readonly #packed: readonly NumberArray[];
  #unread = 0;
  #exact: unknown;

  constructor(bytes: Uint8Array, packed: readonly NumberArray[]) {
    this.#bytes = bytes;
    this.#packed = packed;
    this.value = packed.length === 0 ? parseText(decodeText(bytes)) : this.#parsePacked();
  }

  /** The array that a placeholder stands for; null for any other value. */
  numbersOf(value: unknown): NumberArray | null {
    if (this.#packed.length === 0 || !Array.isArray(value) || value.length !== 1) return null;
    const [only]: unknown[] = value;
    const prefix = placeholderPrefix ?? '';
    if (typeof only !== 'string' || !only.startsWith(prefix)) return null;
    const numbers = this.#packed[Number(only.slice(prefix.length))] ?? null;
    if (numbers !== null) this.#unread--;
    return numbers;
  }

  /** What a placeholder stands for as parsed numbers. @throws PopserveError INVALID_ARGUMENT if it is not JSON */
  unpack({ start, end }: NumberArray): unknown {
    try {
      return JSON.parse(decodeText(this.#bytes.subarray(start - 1, end + 1)));
    } catch {
      throw malformed(decodeText(this.#bytes));
    }
  }

  /** Checks the arrays that nobody asked for. @throws PopserveError INVALID_ARGUMENT if one is not JSON */
  settle(): void {
    if (this.#unread > 0) for (const numbers of this.#packed) this.unpack(numbers);
  }

  /** The value without placeholders. */
  plain(): unknown {
    return this.#packed.length === 0 ? this.value : parseText(decodeText(this.#bytes));
  }

  /** The same value, with integers beyond 2^53 that are written as plain digits as bigint; parsed when first asked for. */
  exact(): unknown {
    this.#exact ??= parseText(decodeText(this.#bytes), keepExactIntegers);
    return this.#exact;
  }

  #parsePacked(): unknown {
    placeholderPrefix ??= crypto.randomUUID();
    this.#unread = this.#packed.length;
    let text = '';
    let at = 0;
    for (const [index, { start, end }] of this.#packed.entries()) {
      text += `${decodeText(this.#bytes.subarray(at, start))}"${placeholderPrefix}${index}"`;
      at = end;
    }
    text += decodeText(this.#bytes.subarray(at));
    try {
      return JSON.parse(text);
    } catch {
      throw malformed(decodeText(this.#bytes));
    }
  }
}

/**
 * @param bytes UTF-8
 * @param packNumbers leave long arrays of numbers under a key `data` as bytes
 * @throws PopserveError INVALID_ARGUMENT if it is not UTF-8, not JSON or nested too deep; TOO_LARGE beyond `maxValues`
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits, packNumbers = false): ParsedJson {
  return new ParsedJson(bytes, scan(bytes, limits, packNumbers));
}

function parseText(text: string, reviver?: typeof keepExactIntegers): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch {
    throw malformed(text);
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw invalid('the body is not JSON: it is not valid UTF-8');
  }
}
