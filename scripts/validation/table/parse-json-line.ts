// One line of JSON lines. JSON.parse would round integers beyond 2^53, take the last of two members of one name, and refuse the
// NaN and Infinity that Python's json module writes.
import { invalid, type PopserveError } from '../../../registry/errors.ts';
import { type Cell, NestedObject } from './records.ts';

/** No row of a table nests as deep as a quarter of it. */
const mostDepth = 32;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const wordPattern = /true|false|null|NaN|-?Infinity/y;
const stringPattern = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;

/**
 * @param where file and line, for messages
 * @returns the members of the object; a number is the digits that stand there, NaN is null
 * @throws {PopserveError} INVALID_ARGUMENT with the column where it stops being an object of JSON
 */
export function parseJsonLine(line: string, where: string): ReadonlyMap<string, Cell> {
  const reader = new Reader(line, where);
  const members = reader.object(0);
  reader.end();
  return members;
}

class Reader {
  readonly #text: string;
  readonly #where: string;
  #at = 0;

  constructor(text: string, where: string) {
    this.#text = text;
    this.#where = where;
  }

  object(depth: number): Map<string, Cell> {
    const members = new Map<string, Cell>();
    if (!this.#take('{')) throw invalid(`${this.#where}: expected an object like {"torque": 42.8, "label": 0}`);
    if (this.#take('}')) return members;
    do {
      const key = this.#string();
      if (key === undefined) throw this.#fault('a name in double quotes');
      if (members.has(key)) throw invalid(`${this.#where}: '${key}' is there twice`);
      if (!this.#take(':')) throw this.#fault("':'");
      members.set(key, this.#value(depth + 1));
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#fault("',' or '}'");
    return members;
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#fault('the end of the line');
  }

  #value(depth: number): Cell {
    if (depth > mostDepth) throw invalid(`${this.#where}: it is nested deeper than ${mostDepth} levels`);
    this.#skipSpace();
    const next = this.#text[this.#at];
    if (next === '{') {
      this.object(depth);
      return new NestedObject();
    }
    if (next === '[') return this.#list(depth);
    const text = this.#string();
    if (text !== undefined) return text;
    const word = this.#match(wordPattern);
    if (word === 'null' || word === 'NaN') return null;
    if (word === 'true' || word === 'false') return word === 'true';
    const number = word ?? this.#match(numberPattern);
    if (number !== undefined) return number;
    throw this.#fault('a value');
  }

  #list(depth: number): Cell[] {
    const list: Cell[] = [];
    this.#take('[');
    if (this.#take(']')) return list;
    do list.push(this.#value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) throw this.#fault("',' or ']'");
    return list;
  }

  #string(): string | undefined {
    this.#skipSpace();
    const start = this.#at;
    if (this.#text[start] !== '"') return undefined;
    const quoted = this.#match(stringPattern);
    if (quoted === undefined) return undefined;
    try {
      return JSON.parse(quoted);
    } catch {
      this.#at = start;
      throw this.#fault('a string without control characters and with the escapes of JSON');
    }
  }

  #take(sign: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && ' \t\r\n'.includes(this.#text.charAt(this.#at))) this.#at++;
  }

  #fault(expected: string): PopserveError {
    const code = this.#text.codePointAt(this.#at);
    const got = code === undefined ? 'its end' : JSON.stringify(String.fromCodePoint(code));
    return invalid(`${this.#where}: expected JSON, ${expected} at column ${this.#at + 1}, got ${got}`);
  }
}
