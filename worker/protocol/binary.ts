// Tensors in the Open Inference Protocol's binary form: little-endian, row-major, no padding; a BYTES element is preceded by its length.
import { invalid } from '../../registry/errors.ts';
import { elementBytes } from '../../registry/signature.ts';
import { describeShape } from './describe.ts';
import type { Tensor } from './tensor.ts';

const lengthBytes = 4;

function splitElements(bytes: Uint8Array, count: number, where: string): Uint8Array[] {
  // Before the array is made: a shape may claim more elements than the bytes can hold.
  if (count * lengthBytes > bytes.length) {
    throw invalid(
      `${where}: ${count} BYTES elements need at least ${count * lengthBytes} bytes, binary_data_size is ${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const left = bytes.length - at - lengthBytes;
    if (left < 0) throw invalid(`${where}: element ${index} has no length, the data ends at byte ${bytes.length}`);
    const length = view.getUint32(at, true);
    if (length > left) throw invalid(`${where}: element ${index} claims ${length} bytes, ${left} are left`);
    at += lengthBytes;
    elements.push(bytes.subarray(at, at + length));
    at += length;
  }
  if (at !== bytes.length) {
    throw invalid(`${where}: its ${count} BYTES elements end at byte ${at}, binary_data_size is ${bytes.length}`);
  }
  return elements;
}

/**
 * Views on the bytes of one tensor, nothing copied.
 * @param tensor what the JSON part says of it
 * @param count number of elements of its shape
 * @throws PopserveError INVALID_ARGUMENT if the bytes do not make up the shape, or a BOOL is neither 0 nor 1
 */
export function decodeBinaryData(
  tensor: Pick<Tensor, 'datatype' | 'shape'>,
  count: number,
  bytes: Uint8Array,
  where: string,
): Tensor['data'] {
  if (tensor.datatype === 'BYTES') return splitElements(bytes, count, where);
  const expected = count * elementBytes[tensor.datatype];
  if (bytes.length !== expected) {
    throw invalid(
      `${where}: expected ${expected} bytes for ${tensor.datatype} ${describeShape(tensor.shape)}, got ${bytes.length}`,
    );
  }
  if (tensor.datatype === 'BOOL') {
    const fault = bytes.findIndex((byte) => byte > 1);
    if (fault >= 0) throw invalid(`${where}: element ${fault} is ${bytes[fault]}, expected BOOL 0 or 1`);
  }
  return bytes;
}

/** Size of a tensor's data on the wire. */
export function binaryByteLength(data: Tensor['data']): number {
  if (data instanceof Uint8Array) return data.length;
  return data.reduce((sum, element) => sum + lengthBytes + element.length, 0);
}

/** @returns the offset after the data */
export function writeBinaryData(data: Tensor['data'], target: Uint8Array, offset: number): number {
  if (data instanceof Uint8Array) {
    target.set(data, offset);
    return offset + data.length;
  }
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  let at = offset;
  for (const element of data) {
    view.setUint32(at, element.length, true);
    target.set(element, at + lengthBytes);
    at += lengthBytes + element.length;
  }
  return at;
}
