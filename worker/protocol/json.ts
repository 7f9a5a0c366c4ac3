// JSON from outside: bounded before anything is allocated for it, faults named by position, 64-bit integers exact on demand.
import { PopserveError } from '../../registry/errors.ts';
import { describeValue, invalid } from './describe.ts';
import { findJsonFault } from './json-fault.ts';

export interface JsonLimits {
  readonly maxDepth: number;
  /** Array elements and object members in the whole text. */
  readonly maxValues: number;
}

export interface ParsedJson {
  readonly value: unknown;
  /** The same value, with integers beyond 2^53 that are written as plain digits as bigint; parsed when first asked for. */
  exact(): unknown;
}

/**
 * Nesting and number of values, from the brackets and commas outside strings. JSON.parse makes 16 bytes and more of each
 * three-byte `[],`, and its reviver recurses, so both are bounded first; costs about a tenth of the parse.
 */
function checkSize(bytes: Uint8Array, limits: JsonLimits): void {
  let depth = 0;
  let commas = 0;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case 0x22: // "
        for (at++; at < bytes.length && bytes[at] !== 0x22; at++) {
          if (bytes[at] === 0x5c) at++;
        }
        break;
      case 0x2c: // ,
        commas++;
        break;
      case 0x5b: // [
      case 0x7b: // {
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

/**
 * @param bytes UTF-8
 * @throws PopserveError INVALID_ARGUMENT if it is not UTF-8, not JSON or nested too deep; TOO_LARGE beyond `maxValues`
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): ParsedJson {
  checkSize(bytes, limits);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw invalid('the body is not JSON: it is not valid UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(text);
  }
  let exact: unknown;
  return {
    value,
    exact: () => {
      exact ??= JSON.parse(text, keepExactIntegers);
      return exact;
    },
  };
}
