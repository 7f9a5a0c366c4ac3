// ONNX element types (onnx.proto TensorProto.DataType), how the runtime numbers them, and the OIP names of those that OIP can name.
import type { Datatype } from '../../registry/signature.ts';

interface ElementType {
  readonly name: string;
  readonly datatype: Datatype | null;
  /** Bits of one element; 0 for strings, whose elements have a length of their own. */
  readonly bits: number;
}

const elementTypes: Readonly<Record<number, ElementType>> = {
  1: { name: 'float32', datatype: 'FP32', bits: 32 },
  2: { name: 'uint8', datatype: 'UINT8', bits: 8 },
  3: { name: 'int8', datatype: 'INT8', bits: 8 },
  4: { name: 'uint16', datatype: 'UINT16', bits: 16 },
  5: { name: 'int16', datatype: 'INT16', bits: 16 },
  6: { name: 'int32', datatype: 'INT32', bits: 32 },
  7: { name: 'int64', datatype: 'INT64', bits: 64 },
  8: { name: 'string', datatype: 'BYTES', bits: 0 },
  9: { name: 'bool', datatype: 'BOOL', bits: 8 },
  10: { name: 'float16', datatype: 'FP16', bits: 16 },
  11: { name: 'float64', datatype: 'FP64', bits: 64 },
  12: { name: 'uint32', datatype: 'UINT32', bits: 32 },
  13: { name: 'uint64', datatype: 'UINT64', bits: 64 },
  14: { name: 'complex64', datatype: null, bits: 64 },
  15: { name: 'complex128', datatype: null, bits: 128 },
  16: { name: 'bfloat16', datatype: 'BF16', bits: 16 },
  17: { name: 'float8e4m3fn', datatype: null, bits: 8 },
  18: { name: 'float8e4m3fnuz', datatype: null, bits: 8 },
  19: { name: 'float8e5m2', datatype: null, bits: 8 },
  20: { name: 'float8e5m2fnuz', datatype: null, bits: 8 },
  21: { name: 'uint4', datatype: null, bits: 4 },
  22: { name: 'int4', datatype: null, bits: 4 },
  23: { name: 'float4e2m1', datatype: null, bits: 4 },
  24: { name: 'float8e8m0', datatype: null, bits: 8 },
  25: { name: 'uint2', datatype: null, bits: 2 },
  26: { name: 'int2', datatype: null, bits: 2 },
};

export const stringElementType = 8;

/**
 * The numbers in which the runtime answers (ONNXTensorElementDataType) are those of onnx.proto but for the last three; those that it
 * takes are all onnx.proto's (measured with 1.30: `_OrtCreateTensor` given 26 makes an int2 tensor, an int2 output says 25).
 */
const answeredNumbers = new Map([
  [24, 25],
  [25, 26],
  [26, 24],
]);

/** @param number what the runtime says of one of its values */
export function elementTypeOfAnswer(number: number): number {
  return answeredNumbers.get(number) ?? number;
}

export function elementTypeName(elementType: number): string {
  return elementTypes[elementType]?.name ?? `element type ${elementType}`;
}

/** The OIP name of an element type, or null where OIP has none. */
export function datatypeOf(elementType: number): Datatype | null {
  return elementTypes[elementType]?.datatype ?? null;
}

/** Bytes that `count` elements take; types smaller than a byte are packed. */
export function elementTypeBytes(elementType: number, count: number): number {
  return Math.ceil(((elementTypes[elementType]?.bits ?? 0) * count) / 8);
}

const byDatatype = new Map(
  Object.entries(elementTypes).flatMap(([number, { datatype }]) =>
    datatype ? [[datatype, Number(number)] as const] : [],
  ),
);

/** The ONNX element type of an OIP datatype. */
export function elementTypeOf(datatype: Datatype): number {
  const elementType = byDatatype.get(datatype);
  if (elementType === undefined) throw new Error(`no ONNX element type for ${datatype}`);
  return elementType;
}
