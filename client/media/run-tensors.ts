// Tensors of the PoP's steps as those of a run here, and back.
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { fromBytes, type OutputTensor, type Spelled } from '../tensors.ts';

export function toRun(inputs: readonly Tensor[]): Map<string, Spelled> {
  return new Map(
    inputs.map(({ name, datatype, shape, data }) => {
      const input = fromBytes(name, datatype, [...shape], data as Uint8Array);
      return [name, { datatype, shape, data: input.data as Spelled['data'] }];
    }),
  );
}

/** @param outputs all that the model gives */
export function fromRun(outputs: Readonly<Record<string, OutputTensor>>): Tensor[] {
  return Object.values(outputs).map(({ name, datatype, shape, data, ...texts }): Tensor => {
    if ('bytes' in texts) return { name, datatype, shape, data: texts.bytes as Uint8Array[] };
    const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(data)
      ? data
      : Uint8Array.from(data as boolean[], Number);
    return { name, datatype, shape, data: new Uint8Array(buffer, byteOffset, byteLength) };
  });
}
