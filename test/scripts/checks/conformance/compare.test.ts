import { describe, expect, it } from 'vitest';
import { compareTensors } from '../../../../scripts/checks/conformance/compare.ts';
import { TensorProto_DataType as types } from '../../../../scripts/onnx/onnx_pb.ts';
import type { RawTensor } from '../../../../worker/protocol/raw-frame.ts';

const floats = (...values: number[]): RawTensor => ({
  name: 'y',
  elementType: types.FLOAT,
  shape: [values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const bytes = (elementType: number, ...values: number[]): RawTensor => ({
  name: 'y',
  elementType,
  shape: [values.length],
  data: Uint8Array.from(values),
});
const strings = (...values: string[]): RawTensor => ({
  name: 'y',
  elementType: types.STRING,
  shape: [values.length],
  data: values.map((value) => new TextEncoder().encode(value)),
});

describe('comparing an output with the reference', () => {
  it('accepts what is within 1e-3 relative or 1e-5 absolute', () => {
    expect(compareTensors(floats(1000, 0), floats(1000.9, 0.000009)).verdict).toBe('pass');
  });

  it('calls a difference below 1e-3 loose, and names the largest', () => {
    expect(compareTensors(floats(0, 0, 1), floats(0.0001, -0.0009, 1))).toEqual({
      verdict: 'loose',
      difference: expect.stringContaining('2 of 3 elements differ, most at 1: expected 0, got -0.00089'),
    });
  });

  it('refuses other numbers', () => {
    expect(compareTensors(floats(0, 1), floats(0, 1.01)).verdict).toBe('values');
  });

  it('takes NaN for NaN and an infinity for itself, and nothing else for them', () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    expect(compareTensors(floats(nan, infinity, -infinity), floats(nan, infinity, -infinity)).verdict).toBe('pass');
    expect(compareTensors(floats(nan), floats(0)).verdict).toBe('values');
    expect(compareTensors(floats(0), floats(nan)).verdict).toBe('values');
    expect(compareTensors(floats(infinity), floats(-infinity)).verdict).toBe('values');
    expect(compareTensors(floats(infinity), floats(1e30)).verdict).toBe('values');
  });

  it('takes the largest finite number for an infinity of the same sign as loose', () => {
    const largest = 3.4028234663852886e38;
    expect(compareTensors(floats(Number.NEGATIVE_INFINITY), floats(-largest)).verdict).toBe('loose');
    expect(compareTensors(floats(Number.NEGATIVE_INFINITY), floats(largest)).verdict).toBe('values');
  });

  it('takes integers, float8 and strings exactly', () => {
    expect(compareTensors(bytes(types.INT8, 100), bytes(types.INT8, 101)).verdict).toBe('values');
    expect(compareTensors(bytes(types.FLOAT8E4M3FN, 0x38), bytes(types.FLOAT8E4M3FN, 0x39)).verdict).toBe('values');
    expect(compareTensors(bytes(types.FLOAT8E4M3FN, 0x7f), bytes(types.FLOAT8E4M3FN, 0xff)).verdict).toBe('pass');
    expect(compareTensors(strings('a', 'é'), strings('a', 'é')).verdict).toBe('pass');
    expect(compareTensors(strings('a', 'é'), strings('a', 'e')).difference).toContain('expected "é", got "e"');
  });

  it('ignores the bits after the last element of a packed type', () => {
    const packed = (byte: number): RawTensor => ({ ...bytes(types.UINT4, byte), shape: [1] });
    expect(compareTensors(packed(0x07), packed(0xf7)).verdict).toBe('pass');
    expect(compareTensors(packed(0x07), packed(0x08)).verdict).toBe('values');
  });

  it('refuses another type, another shape, and no output at all', () => {
    expect(compareTensors(bytes(types.INT8, 1), bytes(types.UINT8, 1))).toEqual({
      verdict: 'form',
      difference: "output 'y': expected int8 [1], got uint8 [1]",
    });
    expect(compareTensors(floats(1, 2), { ...floats(1, 2), shape: [1, 2] }).verdict).toBe('form');
    expect(compareTensors(floats(1), undefined).difference).toBe("output 'y' is missing");
  });
});
