// Where a text stops being JSON. JSON.parse decides what is JSON; its messages name a position only for some faults,
// so this runs after it has refused, to tell the caller where to look.

export interface JsonFault {
  /** UTF-16 index of the first character that cannot be there; the text's length where it ends too early. */
  readonly position: number;
  readonly expected: string;
}

const quoteCode = 0x22;
const backslash = 0x5c;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** One pass with a stack of open brackets; recursion would end at the depth of the call stack. */
class Finder {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  find(): JsonFault | undefined {
    const closers: string[] = [];
    let state: 'value' | 'first value' | 'key' | 'first key' | 'next' = 'value';
    for (;;) {
      this.skipSpace();
      const closer = closers.at(-1);
      const here = this.text[this.at];
      if (state === 'next') {
        if (closer === undefined) return here === undefined ? undefined : this.fault('the end of the JSON');
        if (here === closer) closers.pop();
        else if (here === ',') state = closer === '}' ? 'key' : 'value';
        else return this.fault(`',' or '${closer}'`);
        this.at++;
      } else if (here === closer && (state === 'first key' || state === 'first value')) {
        closers.pop();
        state = 'next';
        this.at++;
      } else if (state === 'key' || state === 'first key') {
        if (here !== '"')
          return this.fault(state === 'key' ? 'a key in double quotes' : "a key in double quotes or '}'");
        const fault = this.skipString();
        if (fault !== undefined) return fault;
        this.skipSpace();
        if (this.text[this.at] !== ':') return this.fault("':'");
        this.at++;
        state = 'value';
      } else if (here === '{' || here === '[') {
        closers.push(here === '{' ? '}' : ']');
        state = here === '{' ? 'first key' : 'first value';
        this.at++;
      } else {
        const fault = this.skipScalar();
        if (fault !== undefined) return fault;
        state = 'next';
      }
    }
  }

  private fault(expected: string): JsonFault {
    return { position: this.at, expected };
  }

  private skipSpace(): void {
    while (this.at < this.text.length && ' \t\n\r'.includes(this.text.charAt(this.at))) this.at++;
  }

  private skipScalar(): JsonFault | undefined {
    if (this.text[this.at] === '"') return this.skipString();
    for (const word of ['true', 'false', 'null']) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return undefined;
      }
    }
    return this.skipNumber();
  }

  private skipString(): JsonFault | undefined {
    for (this.at++; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code === quoteCode) {
        this.at++;
        return undefined;
      }
      if (code < 0x20) return this.fault('an escape instead of a control character in a string');
      if (code !== backslash) continue;
      this.at++;
      const escaped = this.text.charAt(this.at);
      if (escaped === 'u' && /^[0-9a-fA-F]{4}$/.test(this.text.slice(this.at + 1, this.at + 5))) this.at += 4;
      else if (escaped === '' || !'"\\/bfnrt'.includes(escaped)) return this.fault('an escape of a JSON string');
    }
    return this.fault("the string's closing quote");
  }

  private skipNumber(): JsonFault | undefined {
    const start = this.at;
    if (this.text[this.at] === '-') this.at++;
    const leadingZero = this.text[this.at] === '0';
    if (!this.skipDigits()) return this.fault(this.at === start ? 'a value' : 'a digit');
    if (leadingZero && this.at - start > (this.text[start] === '-' ? 2 : 1)) {
      this.at = start;
      return this.fault('a number without leading zeros');
    }
    if (this.text[this.at] === '.') {
      this.at++;
      if (!this.skipDigits()) return this.fault('a digit');
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      this.at++;
      if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++;
      if (!this.skipDigits()) return this.fault('a digit');
    }
    return undefined;
  }

  private skipDigits(): boolean {
    const start = this.at;
    while (isDigit(this.text.charCodeAt(this.at))) this.at++;
    return this.at > start;
  }
}

/** @returns the first fault, or undefined if the text is JSON */
export function findJsonFault(text: string): JsonFault | undefined {
  return new Finder(text).find();
}
