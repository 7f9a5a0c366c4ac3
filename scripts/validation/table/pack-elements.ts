// Elements that were read one by one as the raw data of a tensor.
import type { Datatype } from '../../../registry/signature.ts';
import { toBfloat16Bits } from '../../../worker/protocol/bfloat16.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import type { Element } from './read-cell.ts';

const arrays: Readonly<Record<Exclude<Datatype, 'BYTES'>, (elements: readonly Element[]) => ArrayBufferView>> = {
  BOOL: (elements) => Uint8Array.from(elements, Number),
  UINT8: (elements) => Uint8Array.from(elements, Number),
  UINT16: (elements) => Uint16Array.from(elements, Number),
  UINT32: (elements) => Uint32Array.from(elements, Number),
  UINT64: (elements) => BigUint64Array.from(elements, BigInt),
  INT8: (elements) => Int8Array.from(elements, Number),
  INT16: (elements) => Int16Array.from(elements, Number),
  INT32: (elements) => Int32Array.from(elements, Number),
  INT64: (elements) => BigInt64Array.from(elements, BigInt),
  FP16: (elements) => Float16Array.from(elements, Number),
  FP32: (elements) => Float32Array.from(elements, Number),
  FP64: (elements) => Float64Array.from(elements, Number),
  BF16: (elements) => Uint16Array.from(elements, (element) => toBfloat16Bits(Number(element))),
};

/** @param elements in row-major order, within the range of the datatype */
export function packElements(datatype: Datatype, elements: readonly Element[]): Tensor['data'] {
  if (datatype === 'BYTES') {
    const encoder = new TextEncoder();
    return elements.map((element) => encoder.encode(String(element)));
  }
  const { buffer, byteOffset, byteLength } = arrays[datatype](elements);
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
