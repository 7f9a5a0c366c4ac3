// Walks through an array that stays bytes: its items in order, nested or flat, each read as the element of a tensor.
import { decodeBase64 } from '../../registry/bytes.ts';
import { invalid, type PopserveError } from '../../registry/errors.ts';
import {
  arrayFault,
  boolFault,
  type DataTarget,
  flatLengthFault,
  floatFault,
  integerFault,
  nestedLengthFault,
  notPlainFault,
  stringFault,
  surrogateFault,
  wideTypes,
} from './data-faults.ts';
import { NumberReader } from './json-number.ts';
import { parseWithTokens, quotedNumber, tokenAt } from './non-finite.ts';
import { type Floats, readAhead } from './read-ahead.ts';

/** An array in a body that was not parsed. */
export interface DataSlice {
  readonly bytes: Uint8Array;
  /** Where its `[` stands. */
  readonly start: number;
  /** Behind its `]`. */
  readonly end: number;
  /** Commas in it and in what it holds, outside strings; {@link uncounted} where nobody has counted them. */
  readonly commas: number;
  /** Brackets and braces that open in it. */
  readonly containers: number;
}

/** Whoever reads the elements of such an array notices where there are more of them, or fewer. */
export const uncounted = -1;

/** Thrown where the bytes are not JSON; whoever has the whole body tells where. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
}

/** Longest part of a faulty element that a message shows. */
const mostShownBytes = 1024;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;

const words = {
  null: new TextEncoder().encode('null'),
  true: new TextEncoder().encode('true'),
  false: new TextEncoder().encode('false'),
};

export class SliceReader {
  readonly #bytes: Uint8Array;
  readonly #target: DataTarget;
  readonly #slice: DataSlice;
  readonly #numbers: NumberReader;
  #at: number;

  constructor(target: DataTarget, slice: DataSlice) {
    this.#bytes = slice.bytes;
    this.#target = target;
    this.#slice = slice;
    this.#at = slice.start;
    this.#numbers = new NumberReader(slice.bytes, slice.start);
  }

  /**
   * Calls `element` for each element, in row-major order; it moves behind what it reads.
   * @param ahead may have read some of the elements from an index on, but not all up to `end`: it says how many, and has moved behind
   *   their commas
   */
  visit(element: (index: number) => void, ahead?: (index: number, end: number) => number): void {
    const { shape } = this.#target;
    if (shape.length > 1 && this.#startsNested()) {
      let index = 0;
      const descend = (axis: number): void => {
        if (this.#bytes[this.#at] !== openBracket) throw arrayFault(this.#target, axis, this.#shown());
        const length = shape[axis] ?? 0;
        const fault = (found: number) => nestedLengthFault(this.#target, axis, found);
        if (axis < shape.length - 1) this.#list(length, () => descend(axis + 1), fault);
        else {
          const first = index;
          index += length;
          this.#list(length, (item) => element(first + item), fault, ahead && ((item) => ahead(first + item, index)));
        }
      };
      descend(0);
    } else {
      const { count } = this.#target;
      // Commas tell how many items there are, but for none or one, and where a fault or base64 puts brackets between them.
      const { containers, commas, start } = this.#slice;
      const items = containers > 1 || commas === 0 ? this.#countItems(start) : commas + 1;
      if (commas !== uncounted && items !== count) throw flatLengthFault(this.#target, items);
      this.#at = this.#slice.start;
      const fault = (found: number) => flatLengthFault(this.#target, found);
      this.#list(count, element, fault, ahead && ((item) => ahead(item, count)));
    }
    if (this.#at !== this.#slice.end) throw new NotJson();
  }

  shape(): number[] | null {
    const shape: number[] = [];
    while (this.#bytes[this.#at] === openBracket) {
      const start = this.#at;
      this.#at++;
      this.#skipSpace();
      if (this.#bytes[this.#at] === closeBracket) return [...shape, 0];
      shape.push(this.#countItems(start));
      this.#at = start + 1;
      this.#skipSpace();
    }
    return this.#bytes[this.#at] === openBrace ? null : shape;
  }

  floats(elements: Floats, single: boolean): Uint8Array {
    const ahead = { index: 0, at: 0 };
    this.visit(
      (index) => {
        if (this.#bytes[this.#at] === 0x6e) {
          elements[index] = this.#null(index);
          return;
        }
        const value = this.float(index, single);
        elements[index] = value;
        if (!Number.isFinite(elements[index]) && Number.isFinite(value)) throw floatFault(this.#target, index, value);
      },
      (index, end) => {
        ahead.index = index;
        ahead.at = this.#at;
        // The last element has no comma behind it.
        readAhead(this.#bytes, elements, ahead, end - 1);
        this.#at = ahead.at;
        return ahead.index - index;
      },
    );
    return new Uint8Array(elements.buffer);
  }

  /**
   * JSON has no NaN; null stands for it, as in what popserve and others answer. The token is read as well, and those of infinities, bare
   * or in quotes.
   */
  float(index: number, single: boolean): number {
    if (this.#bytes[this.#at] === 0x6e) return this.#null(index);
    const start = this.#at;
    const value = this.#number(single);
    if (Number.isNaN(value)) return this.#bytes[start] === quote ? this.#quoted(index) : this.#token(index);
    // A message shows what was written, not what FP32 makes of it.
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
      throw floatFault(this.#target, index, Number(this.#numbers.text(start, this.#at)));
    }
    return value;
  }

  integer(index: number, min: number, max: number): number {
    const value = this.#number(false);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw integerFault(this.#target, index, Number.isNaN(value) ? this.#shown() : value, min, max);
    }
    return value;
  }

  /** Written as two 32-bit words: no BigInt per element, except for those that need one. */
  wideIntegers(type: keyof typeof wideTypes): Uint8Array {
    const { min, max } = wideTypes[type];
    const words = new Uint32Array(this.#target.count * 2);
    const wide = new BigInt64Array(words.buffer);
    this.visit((index) => {
      const start = this.#at;
      const value = this.#number(false);
      if (Number.isNaN(value)) throw integerFault(this.#target, index, this.#shown(), min, max);
      if (Number.isSafeInteger(value) && value >= min) {
        words[index * 2] = value;
        words[index * 2 + 1] = Math.floor(value / 2 ** 32);
        return;
      }
      const exact = this.#numbers.plain && this.#numbers.digits <= 20 && Number.isInteger(value);
      if (!exact && Number.isInteger(value) && !Number.isSafeInteger(value)) {
        throw notPlainFault(this.#target, index, value, min, max);
      }
      const integer = exact ? BigInt(this.#numbers.text(start, this.#at)) : null;
      if (integer === null || integer < min || integer > max) {
        throw integerFault(this.#target, index, integer ?? value, min, max);
      }
      wide[index] = BigInt.asIntN(64, integer);
    });
    return new Uint8Array(words.buffer);
  }

  bool(index: number): number {
    const byte = this.#bytes[this.#at];
    if (byte === 0x74 && this.#word(words.true)) return 1;
    if (byte === 0x66 && this.#word(words.false)) return 0;
    const value = byte === 0x30 || byte === 0x31 ? this.#number(false) : Number.NaN;
    if (value === 0 || value === 1) return value;
    throw boolFault(this.#target, index, Number.isNaN(value) ? this.#shown() : value);
  }

  string(index: number, base64: boolean): Uint8Array {
    const byte = this.#bytes[this.#at];
    if (base64 && byte === openBrace) return this.#base64(index);
    if (byte !== quote) throw stringFault(this.#target, index, this.#shown());
    const start = this.#at + 1;
    const { end, escaped } = this.#skipString();
    if (!escaped) return this.#bytes.subarray(start, end);
    const text = parse(this.#bytes.subarray(start - 1, end + 1)) as string;
    if (!text.isWellFormed()) throw surrogateFault(this.#target, index);
    return new TextEncoder().encode(text);
  }

  #base64(index: number): Uint8Array {
    const start = this.#at;
    this.#skipValue();
    const value = parse(this.#bytes.subarray(start, this.#at)) as Record<string, unknown>;
    const { b64 } = value;
    if (Object.keys(value).length !== 1 || b64 === undefined) throw stringFault(this.#target, index, value);
    const bytes = typeof b64 === 'string' ? decodeBase64(b64) : null;
    if (bytes === null) throw invalid(`${this.#target.where}: element ${index}: 'b64' is not a string in base64`);
    return bytes;
  }

  #number(single: boolean): number {
    this.#numbers.at = this.#at;
    const value = this.#numbers.read(single);
    if (!Number.isNaN(value)) this.#at = this.#numbers.at;
    return value;
  }

  #null(index: number): number {
    if (this.#word(words.null)) return Number.NaN;
    throw floatFault(this.#target, index, this.#shown());
  }

  #token(index: number): number {
    const token = tokenAt(this.#bytes, this.#at);
    if (token === null) throw floatFault(this.#target, index, this.#shown());
    this.#at += token.length;
    return Number(token);
  }

  #quoted(index: number): number {
    const text = this.#shown();
    const number = quotedNumber(text);
    if (number === null) throw floatFault(this.#target, index, text);
    return number;
  }

  #word(word: Uint8Array): boolean {
    for (let index = 0; index < word.length; index++) {
      if (this.#bytes[this.#at + index] !== word[index]) throw new NotJson();
    }
    this.#at += word.length;
    return true;
  }

  #startsNested(): boolean {
    let at = this.#slice.start + 1;
    while (isSpace(this.#bytes[at])) at++;
    return this.#bytes[at] === openBracket;
  }

  /** Reads an array of as many items. */
  #list(
    length: number,
    item: (index: number) => void,
    fault: (found: number) => PopserveError,
    ahead?: (index: number) => number,
  ): void {
    const start = this.#at;
    this.#at++;
    this.#skipSpace();
    if (this.#bytes[this.#at] === closeBracket) {
      this.#at++;
      if (length !== 0) throw fault(0);
      return;
    }
    for (let index = 0; ; index++) {
      if (index === length) throw fault(this.#countItems(start));
      if (ahead !== undefined) {
        index += ahead(index);
        this.#skipSpace();
      }
      item(index);
      this.#skipSpace();
      const byte = this.#bytes[this.#at];
      this.#at++;
      if (byte === closeBracket) {
        if (index + 1 !== length) throw fault(index + 1);
        return;
      }
      if (byte !== comma) throw new NotJson();
      this.#skipSpace();
    }
  }

  #countItems(start: number): number {
    this.#at = start + 1;
    this.#skipSpace();
    if (this.#bytes[this.#at] === closeBracket) return 0;
    let items = 1;
    for (;;) {
      this.#skipSpace();
      this.#skipValue();
      this.#skipSpace();
      if (this.#bytes[this.#at] !== comma) return items;
      this.#at++;
      items++;
    }
  }

  #skipSpace(): void {
    while (isSpace(this.#bytes[this.#at])) this.#at++;
  }

  /** Moves behind one value. Its brackets are balanced, which the scan of the body has seen to. */
  #skipValue(): void {
    if (this.#endsValue()) throw new NotJson();
    let depth = 0;
    do {
      const byte = this.#bytes[this.#at];
      if (byte === quote) {
        this.#skipString();
        continue;
      }
      if (byte === openBracket || byte === openBrace) depth++;
      else if (byte === closeBracket || byte === 0x7d) depth--;
      this.#at++;
    } while (this.#at < this.#slice.end && (depth > 0 || !this.#endsValue()));
  }

  #endsValue(): boolean {
    const byte = this.#bytes[this.#at];
    return byte === comma || byte === closeBracket || byte === 0x7d || isSpace(byte);
  }

  /** @returns where the closing quote stands, and whether there are escapes before it */
  #skipString(): { end: number; escaped: boolean } {
    let escaped = false;
    for (let at = this.#at + 1; at < this.#slice.end; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (byte === quote) {
        this.#at = at + 1;
        return { end: at, escaped };
      }
      if (byte < 0x20) throw new NotJson();
      if (byte === backslash) {
        escaped = true;
        at++;
      }
    }
    throw new NotJson();
  }

  /** The value at hand as far as a message shows it. @throws {NotJson} if it is none */
  #shown(): unknown {
    const byte = this.#bytes[this.#at];
    if (byte === openBracket) return [];
    if (byte === openBrace) return {};
    const start = this.#at;
    if (byte === quote) {
      const { end } = this.#skipString();
      if (end - start > mostShownBytes) {
        const text = new TextDecoder().decode(this.#bytes.subarray(start + 1, start + mostShownBytes));
        return text.replace(/\\[^\\]{0,5}$/, '');
      }
    } else this.#skipValue();
    return parse(this.#bytes.subarray(start, this.#at));
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseWithTokens(new TextDecoder().decode(bytes));
  } catch {
    throw new NotJson();
  }
}
