// The bytes of a data file as text: UTF-8, unless the file's own byte order mark or an option says otherwise. Bytes that are not
// text in that encoding are refused, never replaced: a replaced letter makes another category.
import { invalid, PopserveError } from '../../../registry/errors.ts';

export interface DecodedText {
  readonly text: string;
  /** As the Encoding Standard calls it, in lower case: `utf-8`, `windows-1252`. */
  readonly encoding: string;
  readonly notes: readonly string[];
}

const marks = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  // Before UTF-16, whose mark is the beginning of this one.
  { encoding: 'utf-32le', bytes: [0xff, 0xfe, 0x00, 0x00] },
  { encoding: 'utf-32be', bytes: [0x00, 0x00, 0xfe, 0xff] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
] as const;

const advice = 'save it as UTF-8, or name its encoding, as in --encoding windows-1252 (Excel in Western Europe)';

/**
 * @param name of the file, for messages
 * @param given a label of the Encoding Standard, where the encoding was named
 * @throws {PopserveError} INVALID_ARGUMENT with the offset of the first byte at fault
 * @see https://encoding.spec.whatwg.org/#names-and-labels
 */
export function decodeText(bytes: Uint8Array, name: string, given?: string): DecodedText {
  const mark = marks.find((each) => each.bytes.every((byte, index) => bytes[index] === byte));
  const encoding = given === undefined ? (mark?.encoding ?? 'utf-8') : new TextDecoder(given).encoding;
  if (mark !== undefined && mark.encoding !== encoding) {
    throw invalid(
      `${name}: --encoding says ${encoding}, the file starts with the byte order mark of ${mark.encoding}; leave --encoding out`,
    );
  }
  if (encoding.startsWith('utf-32')) throw invalid(`${name} is ${encoding}, which is not read; save it as UTF-8`);
  const text = decode(bytes, encoding, name);
  const nul = text.indexOf('\0');
  if (nul !== -1) {
    const where = encoding === 'utf-8' ? `the byte at offset ${bytes.indexOf(0)}` : `character ${nul + 1}`;
    throw invalid(
      `${name}: ${where} is NUL, which no text has; if the file is UTF-16 without a byte order mark, say --encoding utf-16le or --encoding utf-16be`,
    );
  }
  const isRead = given === undefined && encoding !== 'utf-8';
  return { text, encoding, notes: isRead ? [`${name} is read as ${encoding}, by its byte order mark`] : [] };
}

function decode(bytes: Uint8Array, encoding: string, name: string): string {
  try {
    // A byte order mark that fits is taken away.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    if (encoding !== 'utf-8') throw new PopserveError('INVALID_ARGUMENT', `${name} is not ${encoding} text`, { cause });
    const offset = firstNotUtf8(bytes);
    const line = bytes.subarray(0, offset).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1);
    const byte = (bytes[offset] ?? 0).toString(16).padStart(2, '0');
    throw new PopserveError(
      'INVALID_ARGUMENT',
      `${name} is not UTF-8: the byte at offset ${offset} (line ${line}) is 0x${byte}; ${advice}`,
      { cause },
    );
  }
}

/** @returns the offset of the first byte that begins no character; the length where there is none */
function firstNotUtf8(bytes: Uint8Array): number {
  const isNext = (at: number) => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    let length = 0;
    if (first < 0x80) length = 1;
    else if (first >= 0xc2 && first <= 0xdf) length = 2;
    else if (first >= 0xe0 && first <= 0xef) length = 3;
    else if (first >= 0xf0 && first <= 0xf4) length = 4;
    // Overlong forms, surrogates, and code points beyond U+10FFFF.
    const isOutside =
      (first === 0xe0 && second < 0xa0) ||
      (first === 0xed && second > 0x9f) ||
      (first === 0xf0 && second < 0x90) ||
      (first === 0xf4 && second > 0x8f);
    if (length === 0 || isOutside) return at;
    for (let next = 1; next < length; next++) if (!isNext(at + next)) return at;
    at += length;
  }
  return at;
}
