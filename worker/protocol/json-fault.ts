// Finds where bytes stop being JSON. The codecs read JSON by their own means; this runs after one of them has refused a body, to
// tell the caller where to look. It takes no memory beyond a stack of open brackets. NaN and the infinities count as values, as
// everywhere in requests.
import { backslash, closeBrace, closeBracket, colon, comma, openBrace, openBracket, quote } from './json-bytes.ts';
import { tokenAt } from './non-finite.ts';

export interface JsonFault {
  /** Index of the first byte that cannot be there; the number of bytes where the text ends too early. */
  readonly position: number;
  readonly expected: string;
}

const escapes = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));
const words = ['true', 'false', 'null'].map((word) => new TextEncoder().encode(word));

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** One pass with a stack of open brackets: recursion would end at the depth of the call stack. */
class Finder {
  private readonly bytes: Uint8Array;
  private readonly end: number;
  private at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  find(): JsonFault | undefined {
    const closers: number[] = [];
    let state: 'value' | 'first value' | 'key' | 'first key' | 'next' = 'value';
    for (;;) {
      this.skipSpace();
      const closer = closers.at(-1);
      const here = this.here();
      if (state === 'next') {
        if (closer === undefined) return here === undefined ? undefined : this.fault('the end of the JSON');
        if (here === closer) closers.pop();
        else if (here === comma) state = closer === closeBrace ? 'key' : 'value';
        else return this.fault(`',' or '${String.fromCharCode(closer)}'`);
        this.at++;
      } else if (here !== undefined && here === closer && (state === 'first key' || state === 'first value')) {
        closers.pop();
        state = 'next';
        this.at++;
      } else if (state === 'key' || state === 'first key') {
        if (here !== quote)
          return this.fault(state === 'key' ? 'a key in double quotes' : "a key in double quotes or '}'");
        const fault = this.skipString();
        if (fault !== undefined) return fault;
        this.skipSpace();
        if (this.here() !== colon) return this.fault("':'");
        this.at++;
        state = 'value';
      } else if (here === openBrace || here === openBracket) {
        closers.push(here === openBrace ? closeBrace : closeBracket);
        state = here === openBrace ? 'first key' : 'first value';
        this.at++;
      } else {
        const fault = this.skipScalar();
        if (fault !== undefined) return fault;
        state = 'next';
      }
    }
  }

  private here(): number | undefined {
    return this.at < this.end ? this.bytes[this.at] : undefined;
  }

  private fault(expected: string): JsonFault {
    return { position: this.at, expected };
  }

  private skipSpace(): void {
    for (let byte = this.here(); byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = this.here()) {
      this.at++;
    }
  }

  private skipScalar(): JsonFault | undefined {
    const first = this.here();
    if (first === quote) return this.skipString();
    if (isDigit(first)) return this.skipNumber();
    const token = tokenAt(this.bytes, this.at);
    if (token !== null && this.at + token.length <= this.end) {
      this.at += token.length;
      return undefined;
    }
    for (const word of words) {
      if (this.at + word.length <= this.end && word.every((byte, index) => byte === this.bytes[this.at + index])) {
        this.at += word.length;
        return undefined;
      }
    }
    return this.skipNumber();
  }

  private skipString(): JsonFault | undefined {
    for (this.at++; this.at < this.end; this.at++) {
      const byte = this.bytes[this.at] ?? 0;
      if (byte === quote) {
        this.at++;
        return undefined;
      }
      if (byte < 0x20) return this.fault('an escape instead of a control character in a string');
      if (byte !== backslash) continue;
      this.at++;
      const escaped = this.here();
      if (escaped === 0x75 && [1, 2, 3, 4].every((digit) => this.hexDigitAt(this.at + digit))) this.at += 4;
      else if (escaped === undefined || !escapes.has(escaped)) return this.fault('an escape of a JSON string');
    }
    return this.fault("the string's closing quote");
  }

  private hexDigitAt(at: number): boolean {
    return at < this.end && isHexDigit(this.bytes[at]);
  }

  private skipNumber(): JsonFault | undefined {
    const start = this.at;
    if (this.here() === 0x2d) this.at++;
    const first = this.at;
    const leadingZero = this.here() === 0x30;
    if (!this.skipDigits()) return this.fault(this.at === start ? 'a value' : 'a digit');
    if (leadingZero && this.at - first > 1) {
      this.at = start;
      return this.fault('a number without leading zeros');
    }
    if (this.here() === 0x2e) {
      this.at++;
      if (!this.skipDigits()) return this.fault('a digit');
    }
    const exponent = this.here();
    if (exponent === 0x65 || exponent === 0x45) {
      this.at++;
      const sign = this.here();
      if (sign === 0x2b || sign === 0x2d) this.at++;
      if (!this.skipDigits()) return this.fault('a digit');
    }
    return undefined;
  }

  private skipDigits(): boolean {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end && isDigit(bytes[at])) at++;
    const found = at > this.at;
    this.at = at;
    return found;
  }
}

/** @returns the first fault between two positions, or undefined if what stands there is one JSON value */
export function findJsonFault(bytes: Uint8Array, start = 0, end = bytes.length): JsonFault | undefined {
  return new Finder(bytes, start, end).find();
}
