// Inputs of other sizes, made from sample inputs: which shapes they have, whether a request can carry them, and what is in them.
import { defaultLimits } from '../../registry/default-limits.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { elementBytes, elementCount } from '../../registry/signature.ts';
import { stringPrice } from '../../worker/protocol/decode-tensors.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { SizePlan, VariableDimension } from './sample-sizes.ts';

/** The size of a dimension in sample inputs. */
export function sizeIn(inputs: readonly Tensor[], { places }: VariableDimension): number {
  const [place] = places;
  return inputs.find(({ name }) => name === place?.input)?.shape[place?.axis ?? 0] ?? 1;
}

/** Shapes of the inputs where some dimensions have other sizes. */
export function shapesWith(
  inputs: readonly Tensor[],
  dimensions: readonly VariableDimension[],
  sizes: SizePlan,
): number[][] {
  return inputs.map(({ name, shape }) =>
    shape.map((size, axis) => {
      const dimension = dimensions.find(({ places }) =>
        places.some((place) => place.input === name && place.axis === axis),
      );
      return dimension === undefined ? size : (sizes.get(dimension.key) ?? size);
    }),
  );
}

/** The sample inputs in other shapes, one for each input. */
export function inputsOf(inputs: readonly Tensor[], shapes: readonly (readonly number[])[]): Tensor[] {
  return inputs.map((input, index) => repeated(input, shapes[index] ?? input.shape));
}

/** Whether one request can carry inputs of these shapes, under the limits that a PoP has unless it is told otherwise. */
export function fitsRequest(inputs: readonly Tensor[], shapes: readonly (readonly number[])[]): boolean {
  let [bytes, elements] = [0, 0];
  for (const [index, input] of inputs.entries()) {
    const count = elementCount(shapes[index] ?? []);
    bytes += count * bytesOfElement(input);
    elements += count * (input.datatype === 'BYTES' ? stringPrice : 1);
  }
  return bytes <= defaultLimits.bodyMib * mebibyte && elements <= defaultLimits.elements;
}

/** Elements of one input that a request can carry beside nothing else. */
export function mostInRequest(datatype: Tensor['datatype']): number {
  if (datatype === 'BYTES') return Math.floor(defaultLimits.elements / stringPrice);
  return Math.min(defaultLimits.elements, Math.floor((defaultLimits.bodyMib * mebibyte) / elementBytes[datatype]));
}

export function bytesOf(inputs: readonly Tensor[]): number {
  return inputs.reduce((sum, { data }) => sum + byteLength(data), 0);
}

/** A string takes an object and a pointer beside its bytes, here as in the isolate. */
const stringBytes = 32;

function bytesOfElement(input: Tensor): number {
  if (input.datatype !== 'BYTES') return elementBytes[input.datatype];
  return stringBytes + byteLength(input.data) / Math.max(1, input.data.length);
}

function byteLength(data: Tensor['data']): number {
  return data instanceof Uint8Array ? data.length : data.reduce((sum, string) => sum + string.length, 0);
}

/** The same values over and over: a model that takes them once, indices and categories too, takes them again. */
function repeated(input: Tensor, shape: readonly number[]): Tensor {
  const { datatype, data } = input;
  const count = elementCount(shape);
  if (!(data instanceof Uint8Array)) {
    const none = new Uint8Array();
    return { ...input, shape, data: Array.from({ length: count }, (_, index) => data[index % data.length] ?? none) };
  }
  const whole = new Uint8Array(count * elementBytes[datatype]);
  if (data.length === 0) return { ...input, shape, data: whole };
  whole.set(data.subarray(0, whole.length));
  for (let filled = data.length; filled < whole.length; filled *= 2) whole.copyWithin(filled, 0, filled);
  return { ...input, shape, data: whole };
}
