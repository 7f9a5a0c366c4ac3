// A tensor between the wire and the runtime. Both sides agree on raw elements, so that nothing is converted twice.
import type { Datatype } from '../../registry/signature.ts';

export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** No variable dimensions; `[]` is a scalar. */
  readonly shape: readonly number[];
  /**
   * Row-major little-endian elements, as a view that may be unaligned and may lie in the heap; BOOL is one byte, 0 or 1.
   * BYTES: one array per element.
   */
  readonly data: Uint8Array | readonly Uint8Array[];
}

/** A tensor as the head of a message describes it. */
export type TensorHead = Pick<Tensor, 'name' | 'datatype' | 'shape'>;

/** Writes the elements of a tensor where they are wanted: a picture becomes a model's input nowhere but in the model's memory. */
export interface ElementWriter {
  readonly byteLength: number;
  /** @param target of `byteLength` bytes, aligned to 8; may be called again for another run */
  write(target: Uint8Array): void;
}

/** A tensor whose elements do not exist until a model runs on it. */
export interface PendingTensor extends TensorHead {
  readonly data: ElementWriter;
}

/** What a model runs on. */
export type InputTensor = Tensor | PendingTensor;

export function isPending(tensor: InputTensor): tensor is PendingTensor {
  return 'write' in tensor.data;
}
