import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numbersOf } from '../../../../scripts/checks/conformance/elements.ts';
import { TensorProto_DataType as types } from '../../../../scripts/onnx/onnx_pb.ts';

const decode = (elementType: number, ...codes: number[]) =>
  Array.from(numbersOf(elementType, Uint8Array.from(codes), codes.length), Number);

describe('numbers of raw elements', () => {
  // From the tables of https://onnx.ai/onnx/technical/float8.html
  it('reads float8 E4M3FN: no infinities, two NaNs, at most 448', () => {
    expect(decode(types.FLOAT8E4M3FN, 0x00, 0x80, 0x01, 0x08, 0x38, 0xb8, 0x7e, 0x7f, 0xff)).toEqual([
      0,
      -0,
      2 ** -9,
      2 ** -6,
      1,
      -1,
      448,
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('reads float8 E4M3FNUZ: the code of -0 is the only NaN, at most 240', () => {
    expect(decode(types.FLOAT8E4M3FNUZ, 0x00, 0x80, 0x01, 0x40, 0x7f)).toEqual([0, Number.NaN, 2 ** -10, 1, 240]);
  });

  it('reads float8 E5M2 with infinities and NaNs as IEEE has them', () => {
    expect(decode(types.FLOAT8E5M2, 0x01, 0x3c, 0x7b, 0x7c, 0xfc, 0x7d)).toEqual([
      2 ** -16,
      1,
      57344,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });

  it('reads float8 E5M2FNUZ: the code of -0 is the only NaN', () => {
    expect(decode(types.FLOAT8E5M2FNUZ, 0x80, 0x01, 0x40, 0x7f)).toEqual([Number.NaN, 2 ** -17, 1, 57344]);
  });

  it('reads float8 E8M0 as powers of two', () => {
    expect(decode(types.FLOAT8E8M0, 0, 127, 128, 254, 255)).toEqual([2 ** -127, 1, 2, 2 ** 127, Number.NaN]);
  });

  it('reads float4 E2M1: all sixteen', () => {
    const bytes = Uint8Array.of(0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe);
    const positive = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
    expect(Array.from(numbersOf(types.FLOAT4E2M1, bytes, 16))).toEqual([
      ...positive,
      ...positive.map((value) => -value),
    ]);
  });

  it('unpacks types smaller than a byte from the low bits up, with the right sign', () => {
    const pack = (values: readonly number[], bits: number) => {
      const bytes = new Uint8Array(Math.ceil((values.length * bits) / 8));
      values.forEach((value, index) => {
        const at = index * bits;
        bytes[at >> 3] = (bytes[at >> 3] ?? 0) | ((value & (2 ** bits - 1)) << (at & 7));
      });
      return bytes;
    };
    const formats = [
      [types.UINT4, 4, 0, 15],
      [types.INT4, 4, -8, 7],
      [types.UINT2, 2, 0, 3],
      [types.INT2, 2, -2, 1],
    ] as const;
    for (const [elementType, bits, min, max] of formats) {
      fc.assert(
        fc.property(fc.array(fc.integer({ min, max }), { maxLength: 9 }), (values) => {
          expect(Array.from(numbersOf(elementType, pack(values, bits), values.length))).toEqual(values);
        }),
      );
    }
  });

  it('reads a complex number as two', () => {
    const bytes = new Uint8Array(Float32Array.of(1.5, -2).buffer);
    expect(Array.from(numbersOf(types.COMPLEX64, bytes, 1))).toEqual([1.5, -2]);
  });

  it('reads elements that lie unaligned in a Buffer', () => {
    const bytes = Buffer.alloc(9);
    bytes.writeFloatLE(2.5, 1);
    bytes.writeFloatLE(-1, 5);
    expect(Array.from(numbersOf(types.FLOAT, bytes.subarray(1), 2))).toEqual([2.5, -1]);
  });
});
