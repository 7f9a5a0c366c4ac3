// The elements of a numeric tensor as a typed array, from raw bytes that may be unaligned.
import { type Datatype, elementBytes } from '../../registry/datatype.ts';
import { fromBfloat16Bits } from './bfloat16.ts';

const views = {
  BOOL: (buffer: ArrayBufferLike, at: number, count: number) => new Uint8Array(buffer, at, count),
  UINT8: (buffer: ArrayBufferLike, at: number, count: number) => new Uint8Array(buffer, at, count),
  UINT16: (buffer: ArrayBufferLike, at: number, count: number) => new Uint16Array(buffer, at, count),
  UINT32: (buffer: ArrayBufferLike, at: number, count: number) => new Uint32Array(buffer, at, count),
  UINT64: (buffer: ArrayBufferLike, at: number, count: number) => new BigUint64Array(buffer, at, count),
  INT8: (buffer: ArrayBufferLike, at: number, count: number) => new Int8Array(buffer, at, count),
  INT16: (buffer: ArrayBufferLike, at: number, count: number) => new Int16Array(buffer, at, count),
  INT32: (buffer: ArrayBufferLike, at: number, count: number) => new Int32Array(buffer, at, count),
  INT64: (buffer: ArrayBufferLike, at: number, count: number) => new BigInt64Array(buffer, at, count),
  FP16: (buffer: ArrayBufferLike, at: number, count: number) => new Float16Array(buffer, at, count),
  FP32: (buffer: ArrayBufferLike, at: number, count: number) => new Float32Array(buffer, at, count),
  FP64: (buffer: ArrayBufferLike, at: number, count: number) => new Float64Array(buffer, at, count),
  BF16: (buffer: ArrayBufferLike, at: number, count: number) => fromBfloat16Bits(new Uint16Array(buffer, at, count)),
} satisfies Record<Exclude<Datatype, 'BYTES'>, unknown>;

export type NumericDatatype = keyof typeof views;

/** A view where the bytes are aligned, else a copy; BF16 always comes as FP32. */
export function elementsOf<D extends NumericDatatype>(datatype: D, bytes: Uint8Array): ReturnType<(typeof views)[D]> {
  const size = elementBytes[datatype];
  // Not slice(): that of a Buffer, which Node's file functions give, is no copy.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return views[datatype](aligned.buffer, aligned.byteOffset, aligned.byteLength / size) as ReturnType<
    (typeof views)[D]
  >;
}
