// How the words that say how a data file is read become values.
import { InvalidArgumentError } from 'commander';

const separators: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  bar: '|',
  pipe: '|',
  space: ' ',
};

const decimals: Readonly<Record<string, '.' | ','>> = { point: '.', '.': '.', comma: ',', ',': ',' };

export function parseEncoding(text: string): string {
  try {
    return new TextDecoder(text.trim()).encoding;
  } catch {
    throw new InvalidArgumentError('expected a name such as utf-8, windows-1252, latin1, utf-16le or shift_jis.');
  }
}

export function parseSeparator(text: string): string {
  const sign = Object.hasOwn(separators, text) ? separators[text] : text;
  // Letters, digits and signs of numbers would cut the cells themselves.
  if (sign !== undefined && /^[^\p{L}\p{N}"'.+\-\r\n]$/u.test(sign)) return sign;
  throw new InvalidArgumentError('expected comma, semicolon, tab, bar, space or one other character.');
}

export function parseDecimal(text: string): '.' | ',' {
  const sign = Object.hasOwn(decimals, text) ? decimals[text] : undefined;
  if (sign !== undefined) return sign;
  throw new InvalidArgumentError('expected point or comma.');
}

export function parseMissing(text: string): string[] {
  const words = text.split(',').map((word) => word.trim());
  if (words.every((word) => word !== '')) return words;
  throw new InvalidArgumentError('expected words separated by commas, as in NA,?; an empty cell is missing anyway.');
}
