// Outputs as nested JSON, row by row: what records and TensorFlow Serving's clients get instead of flat tensors.
import { elementCount } from '../../registry/signature.ts';
import { elementsOf } from './elements.ts';
import { stringsOf } from './encode-json-data.ts';
import { type NonFinite, numberText } from './non-finite.ts';
import { shortestFloat32 } from './shortest-float32.ts';
import type { Tensor } from './tensor.ts';

/**
 * Each element as JSON text: 64-bit integers with all digits, FP16 and BF16 as the numbers they are.
 * @throws PopserveError INVALID_ARGUMENT if a BYTES element is not UTF-8
 */
export function elementTexts(tensor: Tensor, where: string, nonFinite: NonFinite = 'null'): string[] {
  const { datatype, data } = tensor;
  if (!(data instanceof Uint8Array)) return stringsOf(data, where).map((string) => JSON.stringify(string));
  if (datatype === 'BOOL') return Array.from(data, (byte) => String(byte !== 0));
  return Array.from(numbersOf(tensor), (value) =>
    typeof value === 'bigint' ? String(value) : numberText(value, nonFinite),
  );
}

/** The elements of a tensor of numbers, FP32 as the numbers that print shortest. */
export function numbersOf({ datatype, data }: Tensor): ArrayLike<number | bigint> {
  if (datatype === 'BYTES' || !(data instanceof Uint8Array)) throw new TypeError('BYTES are no numbers');
  const elements = elementsOf(datatype, data);
  return elements instanceof Float32Array ? shortestFloat32(elements) : elements;
}

/** Nested arrays of a shape; a scalar is its element alone. */
export function nestTexts(texts: readonly string[], shape: readonly number[]): string {
  const [first, ...rest] = shape;
  if (first === undefined) return texts[0] ?? 'null';
  if (rest.length === 0) return `[${texts.join(',')}]`;
  const step = elementCount(rest);
  const rows = Array.from({ length: first }, (_, row) => nestTexts(texts.slice(row * step, (row + 1) * step), rest));
  return `[${rows.join(',')}]`;
}
