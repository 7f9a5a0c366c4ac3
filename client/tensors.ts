// Tensors in JavaScript (typed arrays, bigint for 64-bit integers, strings, booleans) and as bytes on the wire.
import { PopserveError } from './errors.ts';

/** Float16Array if the TypeScript library has it, else Uint16Array with the bits. */
type HalfArray = typeof globalThis extends { Float16Array: abstract new (...args: never) => infer Halves }
  ? Halves
  : Uint16Array;

/** The form in which the elements of each datatype are returned. */
export interface DataByType {
  BOOL: boolean[];
  UINT8: Uint8Array;
  UINT16: Uint16Array;
  UINT32: Uint32Array;
  UINT64: BigUint64Array;
  INT8: Int8Array;
  INT16: Int16Array;
  INT32: Int32Array;
  INT64: BigInt64Array;
  /** Uint16Array with the bits if the platform has no Float16Array. */
  FP16: HalfArray;
  FP32: Float32Array;
  FP64: Float64Array;
  /** The bits: the upper half of an FP32. */
  BF16: Uint16Array;
  /** Decoded as UTF-8; `bytes` of the tensor has the raw bytes. */
  BYTES: string[];
}

export type Datatype = keyof DataByType;

type TypedArray = Exclude<DataByType[Datatype], unknown[]>;

/** Elements of a plain array, which is converted. Uint16Array gives the bits of FP16 and BF16, Uint8Array the values of BOOL. */
interface PlainByType extends Record<Exclude<Datatype, 'BOOL' | 'BYTES' | 'INT64' | 'UINT64'>, number> {
  BOOL: boolean;
  BYTES: string | Uint8Array;
  INT64: bigint | number;
  UINT64: bigint | number;
}

export interface InputTensor<D extends Datatype = Datatype> {
  /** The elements in row-major order. */
  readonly data: DataByType[D] | readonly PlainByType[D][] | TypedArray;
  /** Default: one dimension with all elements. `[]` is a scalar. */
  readonly shape?: readonly number[];
  /** Default: the typed array's; for a plain array FP32 of numbers, INT64 of bigint, BOOL of booleans, else BYTES. */
  readonly datatype?: D;
}

export type OutputTensor<D extends Datatype = Datatype> = D extends Datatype
  ? { name: string; datatype: D; shape: number[]; data: DataByType[D] } & (D extends 'BYTES'
      ? { bytes: Uint8Array[] }
      : unknown)
  : never;

interface TypedArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset?: number, length?: number): TypedArray;
  from(elements: Iterable<unknown>): TypedArray;
}

const Halves = ((globalThis as { Float16Array?: unknown }).Float16Array ?? Uint16Array) as TypedArrayConstructor;

const arrays: Record<string, unknown> = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP32: Float32Array,
  FP64: Float64Array,
  FP16: Halves,
  BOOL: Uint8Array,
  BF16: Uint16Array,
} satisfies Record<Exclude<Datatype, 'BYTES'>, unknown>;

export const datatypes = [...Object.keys(arrays), 'BYTES'];

function arrayOf(datatype: string): TypedArrayConstructor {
  const array = arrays[datatype];
  if (array) return array as TypedArrayConstructor;
  throw new PopserveError('INVALID_ARGUMENT', `unknown datatype ${datatype}`);
}

export const textEncoder = new TextEncoder();
export const textDecoder = new TextDecoder();

/** A tensor with explicit datatype and shape; its data is a typed array, or the elements of BYTES. */
export interface Spelled {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TypedArray | readonly Uint8Array[];
}

/** @throws {PopserveError} INVALID_ARGUMENT if the data cannot be a tensor of its datatype */
export function spellOut(name: string, tensor: InputTensor): Spelled {
  try {
    const { data, shape, datatype } = tensor;
    const is = datatype ?? datatypeOf(data);
    return { datatype: is, shape: shape ?? [data.length], data: elementsOf(is, data) };
  } catch (cause) {
    throw new PopserveError('INVALID_ARGUMENT', `input '${name}': ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

function elementsOf(datatype: Datatype, data: InputTensor['data']): Spelled['data'] {
  const elements = data as Iterable<unknown>;
  if (datatype === 'BYTES') {
    return Array.from(elements, (text) => (text instanceof Uint8Array ? text : textEncoder.encode(text as string)));
  }
  const array = arrayOf(datatype);
  const bits = (datatype === 'FP16' || datatype === 'BF16') && data instanceof Uint16Array;
  if (bits || data instanceof array) return data as TypedArray;
  if (datatype === 'BF16' || (datatype === 'FP16' && array === (Uint16Array as unknown))) {
    throw new Error(`${datatype} is given as its bits, a Uint16Array`);
  }
  return /INT64/.test(datatype) ? array.from(Array.from(elements as Iterable<number>, BigInt)) : array.from(elements);
}

function datatypeOf(data: InputTensor['data']): Datatype {
  const found = Object.keys(arrays).find((datatype) => data instanceof arrayOf(datatype));
  if (found) return found as Datatype;
  const kinds: Record<string, Datatype> = { number: 'FP32', bigint: 'INT64', boolean: 'BOOL' };
  return kinds[typeof data[0]] ?? 'BYTES';
}

/** Little-endian, row-major, no padding; BYTES with a 32-bit length before each element. */
export function toBytes({ data }: Spelled): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bytes = new Uint8Array(data.reduce((sum, element) => sum + 4 + element.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const element of data) {
    view.setUint32(at, element.length, true);
    bytes.set(element, at + 4);
    at += 4 + element.length;
  }
  return bytes;
}

/** Reverses `toBytes`; numeric data is a view of the bytes if they are aligned. */
export function fromBytes(name: string, datatype: Datatype, shape: number[], bytes: Uint8Array): OutputTensor {
  if (datatype !== 'BYTES') {
    const array = arrayOf(datatype);
    const { buffer, byteOffset, byteLength } = bytes.byteOffset % array.BYTES_PER_ELEMENT ? bytes.slice() : bytes;
    return outputTensor(name, datatype, shape, new array(buffer, byteOffset, byteLength / array.BYTES_PER_ELEMENT));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const elements: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + 4;
    at = start + view.getUint32(at, true);
    elements.push(bytes.subarray(start, at));
  }
  return outputTensor(name, datatype, shape, elements);
}

export function outputTensor(name: string, datatype: Datatype, shape: number[], data: Spelled['data']): OutputTensor {
  const tensor = { name, datatype, shape };
  if (datatype === 'BYTES') {
    const bytes = data as Uint8Array[];
    return { ...tensor, data: bytes.map((element) => textDecoder.decode(element)), bytes } as OutputTensor;
  }
  return { ...tensor, data: datatype === 'BOOL' ? Array.from(data, Boolean) : data } as OutputTensor;
}
