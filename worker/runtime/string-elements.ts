// The strings of a tensor in the place where onnxruntime keeps them. Its C API takes and gives C strings, which end at their first
// NUL; inside it uses C++ strings, which hold any bytes.
import { equalBytes } from '../../registry/bytes.ts';
import type { Heap } from './heap.ts';

const elementBytes = 12;
const longFlag = 0x8000_0000;

/**
 * One string of a tensor as a view on the heap, valid until the tensor is released; writing to it changes the tensor.
 *
 * The layout is that of onnxruntime 1.x on 32 bits: an OrtValue begins with the pointer to its Tensor, a Tensor with the pointer to
 * its elements. The elements are strings of libc++ in its alternate layout: pointer, size and capacity with the highest bit set, or
 * up to 11 bytes in the same place and their number in the last one.
 * @param expected the string up to its first NUL at least: a check, in case an update of onnxruntime changes the layout
 * @throws {Error} when another string lies there
 * @see https://github.com/llvm/llvm-project/blob/main/libcxx/include/string (`__long`, `__short`)
 */
export function stringElement(heap: Heap, value: number, index: number, expected: Uint8Array): Uint8Array {
  const [tensor = 0] = heap.words(value, 1);
  const [elements = 0] = heap.words(tensor, 1);
  const element = elements + index * elementBytes;
  const [pointer = 0, size = 0, capacity = 0] = heap.words(element, elementBytes / 4);
  const long = capacity >= longFlag;
  const found = heap.bytes(long ? pointer : element, long ? size : capacity >>> 24);
  const isSame = found.length >= expected.length && equalBytes(found.subarray(0, expected.length), expected);
  if (isSame && (found.length === expected.length || found[expected.length] === 0)) return found;
  throw new Error('onnxruntime-web has changed: the strings of a tensor were not found');
}
