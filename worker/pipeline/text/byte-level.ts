// GPT-2's alphabet: each byte of UTF-8 as a visible character, so that a vocabulary of characters covers every text.
// @see https://github.com/openai/gpt-2/blob/master/src/encoder.py
import type { TextBuilder } from './aligned-text.ts';

/** What a space becomes. */
export const visibleSpace = 0x120;

/** Bytes that are no visible character follow from U+0100 on, in their order. */
const visible: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => (isVisible(byte) ? byte : 0));
let next = 0x100;
for (let byte = 0; byte < 256; byte += 1) if (!isVisible(byte)) visible[byte] = next++;

function isVisible(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
}

/** Replaces the next code point of the source by the characters of its bytes. */
export function putBytes(builder: TextBuilder, code: number): void {
  const bytes = utf8Length(code);
  for (let index = 0; index < bytes; index += 1) {
    const character = visible[utf8Byte(code, index, bytes)] ?? 0;
    if (index === 0) builder.replace(character);
    else builder.insert(character);
  }
}

/** Bytes of a code point in UTF-8. */
export function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** @param length of the code point in UTF-8 */
export function utf8Byte(code: number, index: number, length: number): number {
  if (length === 1) return code;
  const rest = code >> (6 * (length - 1 - index));
  return index === 0 ? ((0xf00 >> length) & 0xff) | rest : 0x80 | (rest & 0x3f);
}
