// An input or output of a converted model, which is FP32 and has one shape.
import { elementCount } from '../../../registry/signature.ts';
import { elementTypeName, elementTypeOf } from '../../protocol/element-type.ts';
import type { ElementWriter } from '../../protocol/tensor.ts';
import { RefusedError } from '../heap-errors.ts';
import type { RuntimeInput } from '../runtime-tensor.ts';
import type { GlueTensorType, GlueVector } from './module/litert_wasm_internal.mjs';

const float32 = elementTypeOf('FP32');
const elementBytes = 4;
/** FP32 among LiteRT's own element types. */
const liteRtFloat32 = 1;

export interface LiteRtValue {
  readonly name: string;
  /** ONNX element type. */
  readonly elementType: number;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** @throws {RefusedError} for a value that conversion never makes: of another type, or of no fixed shape */
export function liteRtValue(name: string, type: GlueTensorType): LiteRtValue {
  const { value: found } = type.elementType();
  if (found !== liteRtFloat32) {
    throw new RefusedError(`'${name}' has LiteRT's element type ${found}, expected ${liteRtFloat32} (FP32)`);
  }
  const layout = type.layout();
  const shape = takeAll(layout.dimensions());
  layout.delete();
  if (shape.some((size) => size < 1))
    throw new RefusedError(`'${name}' has the shape [${shape}], expected fixed sizes`);
  return { name, elementType: float32, shape, bytes: elementCount(shape) * elementBytes };
}

/**
 * @returns the elements that the inputs have for it
 * @throws {RefusedError} when there are none, or of another type or shape
 */
export function elementsOf(value: LiteRtValue, inputs: readonly RuntimeInput[]): Uint8Array | ElementWriter {
  const input = inputs.find(({ name }) => name === value.name);
  if (input === undefined) throw new RefusedError(`input '${value.name}' is missing`);
  const { elementType, shape, data } = input;
  const isSame = elementType === float32 && shape.length === value.shape.length;
  if (!isSame || shape.some((size, axis) => size !== value.shape[axis])) {
    const found = `${elementTypeName(elementType)} [${shape}]`;
    throw new RefusedError(`input '${value.name}': expected float32 [${value.shape}], got ${found}`);
  }
  if (isStrings(data) || data.byteLength !== value.bytes) {
    const found = isStrings(data) ? 'strings' : `${data.byteLength} bytes`;
    throw new RefusedError(`input '${value.name}': expected ${value.bytes} bytes of elements, got ${found}`);
  }
  return data;
}

/** The items of a vector, which is deleted. */
export function takeAll<T>(vector: GlueVector<T>): T[] {
  try {
    return Array.from({ length: vector.size() }, (_, index) => vector.get(index));
  } finally {
    vector.delete();
  }
}

function isStrings(data: RuntimeInput['data']): data is readonly Uint8Array[] {
  return Array.isArray(data);
}
