// Reads the plain numbers of an array ahead, as most arrays of tensors have them: digits with a point among them. Whatever else stands
// there is left to whoever reads elements one by one.

/** Exact in FP64. */
const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** So many digits always fit into the 53 bits of an FP64. */
const mostDigits = 15;
const largestFloat16 = 65_504;

const space = 0x20;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;

export type Floats = Float32Array | Float64Array | Float16Array;

/** Where reading ahead has come to. */
export interface Ahead {
  /** The index of the next element. */
  index: number;
  /** Where it stands in the bytes. */
  at: number;
}

/**
 * Reads elements that are followed by a comma, and stops at the first that is not, or that is no plain number: it moves `ahead` on to
 * that one. A number of at most 15 digits is their integer divided by an exact power of ten, which IEEE 754 rounds as JSON.parse does
 * (Clinger 1990); storing it in an FP32 or FP16 rounds it once more, as for a number that was parsed.
 * @param end the index of an element that is left alone
 */
export function readAhead(bytes: Uint8Array, elements: Floats, ahead: Ahead, end: number): void {
  const largest = elements instanceof Float16Array ? largestFloat16 : Number.POSITIVE_INFINITY;
  let { index, at } = ahead;
  while (index < end) {
    let byte = bytes[at] ?? 0;
    while (byte === space) byte = bytes[++at] ?? 0;
    let next = at;
    const negative = byte === minus;
    if (negative) byte = bytes[++next] ?? 0;
    let digit = byte - zero;
    if (digit < 0 || digit > 9) break;
    let significand = digit;
    let digits = 0;
    byte = bytes[++next] ?? 0;
    // A zero has no digits behind it but those of a fraction.
    if (digit !== 0) {
      digits = 1;
      for (digit = byte - zero; digit >= 0 && digit <= 9; digit = byte - zero) {
        significand = significand * 10 + digit;
        digits++;
        byte = bytes[++next] ?? 0;
      }
    }
    let scale = 0;
    if (byte === point) {
      const pointAt = next;
      byte = bytes[++next] ?? 0;
      for (digit = byte - zero; digit >= 0 && digit <= 9; digit = byte - zero) {
        significand = significand * 10 + digit;
        byte = bytes[++next] ?? 0;
      }
      scale = next - pointAt - 1;
      if (scale === 0) break;
    }
    if (byte !== comma || digits + scale > mostDigits) break;
    const value = scale === 0 ? significand : significand / (powersOfTen[scale] ?? 0);
    if (value > largest) break;
    elements[index++] = negative ? -value : value;
    at = next + 1;
  }
  ahead.index = index;
  ahead.at = at;
}
