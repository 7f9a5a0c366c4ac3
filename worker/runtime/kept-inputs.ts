// The input tensors of a session that are kept from run to run: requests of one device have the same shapes, and only their elements
// change. Small ones alone, since the heap belongs to all models.
import type { ElementWriter } from '../protocol/tensor.ts';
import type { Heap } from './heap.ts';
import type { RuntimeInput } from './runtime-tensor.ts';

const cpu = 1;
/** ORT's kernels read whole vectors, so every tensor is aligned as ORT's own allocator would align it. */
export const tensorAlignment = 64;
const mostKeptBytes = 16_384;
/** A model of more inputs makes the others for each run. */
const mostKept = 8;

interface KeptInput {
  readonly elementType: number;
  readonly shape: readonly number[];
  readonly byteLength: number;
  readonly block: number;
  readonly pointer: number;
  readonly tensor: number;
}

export class KeptInputs {
  readonly #heap: Heap;
  readonly #kept = new Map<string, KeptInput>();

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /**
   * Writes an input's elements into its tensor, which is made anew where its type or shape is another one.
   * @returns the tensor, which stays the session's; null for strings and for what is too large to be kept
   */
  place({ name, elementType, shape, data }: RuntimeInput): number | null {
    if (!hasElements(data) || data.byteLength > mostKeptBytes) return null;
    let kept = this.#kept.get(name);
    if (kept === undefined || !isFor(kept, elementType, shape, data.byteLength)) {
      if (kept !== undefined) this.#drop(name, kept);
      else if (this.#kept.size === mostKept) return null;
      kept = this.#make({ elementType, shape }, data.byteLength);
      this.#kept.set(name, kept);
    }
    writeElements(this.#heap, data, kept.pointer);
    return kept.tensor;
  }

  release(): void {
    for (const [name, kept] of this.#kept) this.#drop(name, kept);
  }

  #make(type: TensorType, byteLength: number): KeptInput {
    const heap = this.#heap;
    const block = heap.allocate(byteLength + tensorAlignment);
    const pointer = Math.ceil(block / tensorAlignment) * tensorAlignment;
    try {
      const tensor = createTensor(heap, type, pointer, byteLength);
      return { elementType: type.elementType, shape: [...type.shape], byteLength, block, pointer, tensor };
    } catch (error) {
      heap.free(block);
      throw error;
    }
  }

  #drop(name: string, { tensor, block }: KeptInput): void {
    this.#kept.delete(name);
    this.#heap.release((ort) => ort._OrtReleaseTensor(tensor));
    this.#heap.free(block);
  }
}

type TensorType = Pick<RuntimeInput, 'elementType' | 'shape'>;

/** Makes a tensor of elements that lie in the heap. */
export function createTensor(heap: Heap, { elementType, shape }: TensorType, pointer: number, bytes: number): number {
  const dimensions = heap.allocate(shape.length * 4);
  try {
    heap.words(dimensions, shape.length).set(shape);
    return heap.handle('make an input tensor', (ort) =>
      ort._OrtCreateTensor(elementType, pointer, bytes, dimensions, shape.length, cpu),
    );
  } finally {
    heap.free(dimensions);
  }
}

export function writeElements(heap: Heap, data: Uint8Array | ElementWriter, pointer: number): void {
  const target = heap.bytes(pointer, data.byteLength);
  if ('write' in data) data.write(target);
  else target.set(data);
}

function hasElements(data: RuntimeInput['data']): data is Uint8Array | ElementWriter {
  return !Array.isArray(data);
}

function isFor(kept: KeptInput, elementType: number, shape: readonly number[], byteLength: number): boolean {
  if (kept.elementType !== elementType || kept.byteLength !== byteLength) return false;
  if (kept.shape.length !== shape.length) return false;
  for (let axis = 0; axis < shape.length; axis++) if (kept.shape[axis] !== shape[axis]) return false;
  return true;
}
