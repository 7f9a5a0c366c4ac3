// Reads one element of a tensor as a number, whatever its type and alignment. It allocates nothing, since it runs for some
// elements of every request.
import type { NumericDatatype } from '../../protocol/elements.ts';

const bytes = new Uint8Array(8);
const float16 = new Float16Array(bytes.buffer, 0, 1);
const float32 = new Float32Array(bytes.buffer, 0, 1);
const float64 = new Float64Array(bytes.buffer);
const word = new Uint32Array(bytes.buffer);

/**
 * @param data little-endian elements, possibly unaligned
 * @param at the index of the element within the tensor
 * @returns the number; 64-bit integers beyond 2^53 are rounded
 */
export function readElement(datatype: NumericDatatype, data: Uint8Array, at: number): number {
  switch (datatype) {
    case 'FP32':
      load(data, 4 * at, 4);
      return float32[0] as number;
    case 'FP64':
      load(data, 8 * at, 8);
      return float64[0] as number;
    case 'FP16':
      load(data, 2 * at, 2);
      return float16[0] as number;
    case 'BF16':
      bytes[0] = 0;
      bytes[1] = 0;
      bytes[2] = data[2 * at] as number;
      bytes[3] = data[2 * at + 1] as number;
      return float32[0] as number;
    case 'BOOL':
    case 'UINT8':
      return data[at] as number;
    case 'INT8':
      return ((data[at] as number) << 24) >> 24;
    case 'UINT16':
      load(data, 2 * at, 2);
      return (word[0] as number) & 0xffff;
    case 'INT16':
      load(data, 2 * at, 2);
      return ((word[0] as number) << 16) >> 16;
    case 'UINT32':
      load(data, 4 * at, 4);
      return word[0] as number;
    case 'INT32':
      load(data, 4 * at, 4);
      return (word[0] as number) | 0;
    case 'UINT64':
      load(data, 8 * at, 8);
      return (word[1] as number) * 4_294_967_296 + (word[0] as number);
    case 'INT64':
      load(data, 8 * at, 8);
      return ((word[1] as number) | 0) * 4_294_967_296 + (word[0] as number);
  }
}

function load(data: Uint8Array, from: number, count: number): void {
  for (let index = 0; index < count; index++) bytes[index] = data[from + index] as number;
}
