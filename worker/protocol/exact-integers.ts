// 64-bit integers beyond 2^53 in JSON that is parsed as a whole: JSON.parse rounds them, and its reviver costs a hundred times the
// parse. So the text is parsed with each of them as a marked string, which becomes a bigint where one is wanted.

/** Random, so that no caller's string can be taken for an integer. */
let mark: string | undefined;

const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
/** Fewer digits are exact in FP64, more are beyond 64 bits. */
const leastDigits = 16;
const mostDigits = 20;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Bytes of a number that is not an integer written as plain digits: `.`, `e`, `E`, and the `+` of an exponent. */
function goesOn(byte: number | undefined): boolean {
  return byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2b;
}

/**
 * @param bytes JSON
 * @returns the text with each integer of 16 to 20 plain digits marked; null if there is none
 */
export function markWideIntegers(bytes: Uint8Array): string | null {
  let text = '';
  let copied = 0;
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) {
      for (at++; at < bytes.length && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++;
      continue;
    }
    if (!isDigit(byte)) continue;
    const start = bytes[at - 1] === minus ? at - 1 : at;
    const digitsAt = at;
    while (isDigit(bytes[at])) at++;
    const digits = at - digitsAt;
    if (goesOn(bytes[at])) {
      while (isDigit(bytes[at]) || goesOn(bytes[at]) || bytes[at] === minus) at++;
    } else if (digits >= leastDigits && digits <= mostDigits) {
      mark ??= crypto.randomUUID();
      text += `${decoder.decode(bytes.subarray(copied, start))}"${mark}${decoder.decode(bytes.subarray(start, at))}"`;
      copied = at;
    }
    at--;
  }
  return copied === 0 ? null : text + decoder.decode(bytes.subarray(copied));
}

/** The integer that a marked string stands for; null for any other value. */
export function exactInteger(value: unknown): bigint | null {
  if (mark === undefined || typeof value !== 'string' || !value.startsWith(mark)) return null;
  return BigInt(value.slice(mark.length));
}
