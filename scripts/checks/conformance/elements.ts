// Raw elements of any ONNX type as numbers, to be compared: also those that JavaScript has no array for.

import { datatypeOf } from '../../../worker/protocol/element-type.ts';
import { elementsOf } from '../../../worker/protocol/elements.ts';
import { TensorProto_DataType as types } from '../../onnx/onnx_pb.ts';

/** Exponent and mantissa of the small floats; `nuz`: no infinities, no negative zero, whose code is the only NaN. */
interface SmallFloat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  readonly special: 'ieee' | 'nan-only' | 'nuz' | 'none';
}

const smallFloats = new Map<number, SmallFloat>([
  [types.FLOAT8E4M3FN, { exponentBits: 4, mantissaBits: 3, bias: 7, special: 'nan-only' }],
  [types.FLOAT8E4M3FNUZ, { exponentBits: 4, mantissaBits: 3, bias: 8, special: 'nuz' }],
  [types.FLOAT8E5M2, { exponentBits: 5, mantissaBits: 2, bias: 15, special: 'ieee' }],
  [types.FLOAT8E5M2FNUZ, { exponentBits: 5, mantissaBits: 2, bias: 16, special: 'nuz' }],
  [types.FLOAT4E2M1, { exponentBits: 2, mantissaBits: 1, bias: 1, special: 'none' }],
]);

const packedBits = new Map<number, number>([
  [types.UINT4, 4],
  [types.INT4, 4],
  [types.FLOAT4E2M1, 4],
  [types.UINT2, 2],
  [types.INT2, 2],
]);

/**
 * @param data row-major little-endian elements, those smaller than a byte packed from the low bits up
 * @returns a number per element, a bigint for 64-bit integers, two numbers for a complex one
 * @see https://onnx.ai/onnx/technical/float8.html, float4.html, int4.html
 */
export function numbersOf(elementType: number, data: Uint8Array, count: number): ArrayLike<number | bigint> {
  const datatype = datatypeOf(elementType);
  if (datatype !== null && datatype !== 'BYTES') return elementsOf(datatype, data);
  if (elementType === types.COMPLEX64) return elementsOf('FP32', data);
  if (elementType === types.COMPLEX128) return elementsOf('FP64', data);
  const bits = packedBits.get(elementType);
  const codes = bits === undefined ? data : unpack(data, bits, count);
  if (elementType === types.INT4 || elementType === types.INT2) return signed(codes, bits ?? 8);
  if (elementType === types.FLOAT8E8M0) {
    return Array.from(codes, (code) => (code === 255 ? Number.NaN : 2 ** (code - 127)));
  }
  const format = smallFloats.get(elementType);
  return format ? Array.from(codes, (code) => decodeSmallFloat(code, format)) : codes;
}

function unpack(data: Uint8Array, bits: number, count: number): Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  return Uint8Array.from(
    { length: count },
    (_, index) => ((data[Math.floor(index / perByte)] ?? 0) >> ((index % perByte) * bits)) & mask,
  );
}

function signed(codes: Uint8Array, bits: number): Int8Array {
  const shift = 32 - bits;
  return Int8Array.from(codes, (code) => (code << shift) >> shift);
}

function decodeSmallFloat(code: number, { exponentBits, mantissaBits, bias, special }: SmallFloat): number {
  const sign = code >> (exponentBits + mantissaBits) === 0 ? 1 : -1;
  const largestExponent = 2 ** exponentBits - 1;
  const exponent = (code >> mantissaBits) & largestExponent;
  const mantissa = code & (2 ** mantissaBits - 1);
  if (special === 'nuz' && sign < 0 && exponent === 0 && mantissa === 0) return Number.NaN;
  if (special === 'nan-only' && exponent === largestExponent && mantissa === 2 ** mantissaBits - 1) return Number.NaN;
  if (special === 'ieee' && exponent === largestExponent)
    return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const fraction = mantissa / 2 ** mantissaBits;
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
}
