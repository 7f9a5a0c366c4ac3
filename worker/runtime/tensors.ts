// Between OIP tensors and the session's: names of datatypes to element types, and a manifest's sample input to tensors.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { type Datatype, elementBytes, elementCount } from '../../registry/signature.ts';
import { warmupFaults } from '../../registry/warmup-size.ts';
import { decodeJsonData } from '../protocol/decode-json-data.ts';
import { datatypeOf, elementTypeName, elementTypeOf } from '../protocol/element-type.ts';
import type { InputTensor, Tensor } from '../protocol/tensor.ts';
import type { RuntimeTensor } from './runtime-tensor.ts';

/** The same elements, not copied. */
export function toRuntimeTensor<T extends InputTensor>(tensor: T): T & { readonly elementType: number } {
  return { ...tensor, elementType: elementTypeOf(tensor.datatype) };
}

/**
 * The same elements, not copied.
 * @throws {Error} when OIP has no name for the element type, which publishing refuses
 */
export function fromRuntimeTensor(name: string, tensor: RuntimeTensor): Tensor {
  const datatype = datatypeOf(tensor.elementType);
  if (datatype === null) {
    throw new Error(`output '${name}' has ${elementTypeName(tensor.elementType)}, for which OIP has no name`);
  }
  return { name, datatype, shape: tensor.shape, data: tensor.data };
}

/**
 * The manifest's sample input. Where the manifest gives no elements they are zero, or empty strings.
 * @returns null if the manifest has no sample input
 * @throws {PopserveError} UNAVAILABLE when it is larger than a PoP takes, before anything of it is made
 * @throws {Error} when the manifest names an input that the signature does not have
 */
export function warmupTensors(manifest: Manifest): Tensor[] | null {
  if (manifest.warmup === null) return null;
  const [fault] = warmupFaults(manifest.signature, manifest.warmup);
  if (fault !== undefined) throw new PopserveError('UNAVAILABLE', fault);
  const datatypes = new Map(manifest.signature.inputs.map((input) => [input.name, input.datatype]));
  return manifest.warmup.map(({ name, shape, data }) => {
    const datatype = datatypes.get(name);
    if (!datatype) throw new Error(`the manifest's sample input names '${name}', which is no input`);
    const count = elementCount(shape);
    const elements = data
      ? decodeJsonData({ where: `sample input '${name}'`, datatype, shape, count }, wideIntegers(datatype, data), () =>
          wideIntegers(datatype, data),
        )
      : zeros(datatype, count);
    return { name, datatype, shape, data: elements };
  });
}

/** The manifest writes 64-bit integers beyond 2^53 as decimal strings. */
function wideIntegers(datatype: Datatype, data: readonly unknown[]): readonly unknown[] {
  if (datatype !== 'INT64' && datatype !== 'UINT64') return data;
  return data.map((value) => (typeof value === 'string' ? BigInt(value) : value));
}

function zeros(datatype: Datatype, count: number): Tensor['data'] {
  if (datatype === 'BYTES') return Array.from({ length: count }, () => new Uint8Array());
  return new Uint8Array(elementBytes[datatype] * count);
}
