// A tensor's data as flat JSON text.
import { invalid } from '../../registry/errors.ts';
import { elementsOf } from './elements.ts';
import { type NonFinite, numberText } from './non-finite.ts';
import { shortestFloat32 } from './shortest-float32.ts';
import type { Tensor } from './tensor.ts';

/** JSON.stringify gives null for NaN and infinities, and drops the sign of -0. */
function floatsToJson(values: readonly number[], nonFinite: NonFinite): string {
  const isOdd = (value: number) => Object.is(value, -0) || (nonFinite === 'bare' && !Number.isFinite(value));
  if (!values.some(isOdd)) return JSON.stringify(values);
  return `[${values.map((value) => numberText(value, nonFinite)).join(',')}]`;
}

function wideToJson(values: BigInt64Array | BigUint64Array): string {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const signed = values instanceof BigInt64Array;
  const numbers: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const high = words[index * 2 + 1] ?? 0;
    const value = (signed ? high | 0 : high) * 2 ** 32 + (words[index * 2] ?? 0);
    if (!Number.isSafeInteger(value)) return `[${values.join(',')}]`;
    numbers.push(value);
  }
  return JSON.stringify(numbers);
}

/** @throws PopserveError INVALID_ARGUMENT if an element is not UTF-8 */
export function stringsOf(elements: readonly Uint8Array[], where: string): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return elements.map((element, index) => {
    try {
      return decoder.decode(element);
    } catch {
      throw invalid(`${where}: element ${index} is not UTF-8, which JSON cannot carry; use the binary form`);
    }
  });
}

/**
 * @returns a JSON array; 64-bit integers with all their digits
 * @throws PopserveError INVALID_ARGUMENT if a BYTES element is not UTF-8
 */
export function encodeJsonData(tensor: Tensor, where: string, nonFinite: NonFinite = 'null'): string {
  const { datatype, data } = tensor;
  if (!(data instanceof Uint8Array)) return JSON.stringify(stringsOf(data, where));
  switch (datatype) {
    case 'BYTES':
      throw new TypeError(`${where}: BYTES without elements`);
    case 'BOOL':
      return JSON.stringify(Array.from(data, (byte) => byte !== 0));
    case 'INT64':
    case 'UINT64':
      return wideToJson(elementsOf(datatype, data));
    case 'FP32':
    case 'BF16':
      return floatsToJson(shortestFloat32(elementsOf(datatype, data)), nonFinite);
    case 'FP16':
    case 'FP64':
      return floatsToJson(Array.from(elementsOf(datatype, data)), nonFinite);
    default:
      return JSON.stringify(Array.from(elementsOf(datatype, data)));
  }
}
