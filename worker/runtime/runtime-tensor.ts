// A tensor as the session takes and gives it: raw elements of any ONNX type. In a file of its own, so that the command can use the type.
import type { ElementWriter } from '../protocol/tensor.ts';

/** Row-major little-endian elements. Strings are one byte array per element, which may hold any bytes and has no terminating NUL. */
export interface RuntimeTensor {
  readonly elementType: number;
  readonly shape: readonly number[];
  readonly data: Uint8Array | readonly Uint8Array[];
}

/** What a session runs on: elements, or what writes them into the heap. */
export interface RuntimeInput extends Omit<RuntimeTensor, 'data'> {
  readonly name: string;
  readonly data: RuntimeTensor['data'] | ElementWriter;
}
