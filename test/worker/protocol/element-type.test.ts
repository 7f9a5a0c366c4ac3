// The numbers of onnx.proto (TensorProto.DataType), written down once more: a change of one would take one type for another.
import { expect, test } from 'vitest';
import { datatypes } from '../../../registry/signature.ts';
import {
  datatypeOf,
  elementTypeBytes,
  elementTypeName,
  elementTypeOf,
  elementTypeOfAnswer,
  stringElementType,
} from '../../../worker/protocol/element-type.ts';

test.each([
  [1, 'float32', 'FP32', 400],
  [2, 'uint8', 'UINT8', 100],
  [3, 'int8', 'INT8', 100],
  [4, 'uint16', 'UINT16', 200],
  [5, 'int16', 'INT16', 200],
  [6, 'int32', 'INT32', 400],
  [7, 'int64', 'INT64', 800],
  [8, 'string', 'BYTES', 0],
  [9, 'bool', 'BOOL', 100],
  [10, 'float16', 'FP16', 200],
  [11, 'float64', 'FP64', 800],
  [12, 'uint32', 'UINT32', 400],
  [13, 'uint64', 'UINT64', 800],
  [14, 'complex64', null, 800],
  [15, 'complex128', null, 1600],
  [16, 'bfloat16', 'BF16', 200],
  [17, 'float8e4m3fn', null, 100],
  [18, 'float8e4m3fnuz', null, 100],
  [19, 'float8e5m2', null, 100],
  [20, 'float8e5m2fnuz', null, 100],
  [21, 'uint4', null, 50],
  [22, 'int4', null, 50],
  [23, 'float4e2m1', null, 50],
  [24, 'float8e8m0', null, 100],
  [25, 'uint2', null, 25],
  [26, 'int2', null, 25],
] as const)('%i is %s, for OIP %s, and 100 elements of it take %i bytes', (number, name, datatype, bytes) => {
  expect([elementTypeName(number), datatypeOf(number), elementTypeBytes(number, 100)]).toEqual([name, datatype, bytes]);
  if (datatype !== null) expect(elementTypeOf(datatype)).toBe(number);
});

test('every datatype of OIP has an element type of its own, strings the one that they are told by', () => {
  expect(new Set(datatypes.map(elementTypeOf)).size).toBe(datatypes.length);
  expect(elementTypeOf('BYTES')).toBe(stringElementType);
});

test('a number that nobody knows has no datatype and no bytes, and is called by its number', () => {
  expect([elementTypeName(99), datatypeOf(99), elementTypeBytes(99, 100)]).toEqual(['element type 99', null, 0]);
  expect(() => elementTypeOf('FP8' as never)).toThrow('no ONNX element type for FP8');
});

test('packed elements take whole bytes together', () => {
  expect([0, 1, 2, 3].map((count) => elementTypeBytes(21, count))).toEqual([0, 1, 1, 2]);
  expect([1, 4, 5].map((count) => elementTypeBytes(26, count))).toEqual([1, 1, 2]);
});

test('the runtime answers with numbers of its own for the last three', () => {
  expect([1, 8, 23, 24, 25, 26, 27].map(elementTypeOfAnswer)).toEqual([1, 8, 23, 25, 26, 24, 27]);
});
