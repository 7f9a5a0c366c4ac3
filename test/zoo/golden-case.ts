// A golden case of the model zoo: real inputs, the answers of native onnxruntime, and how close an answer must come.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { zooJson, zooPath } from './zoo.ts';

interface StoredTensor {
  readonly dtype: string;
  readonly shape: number[];
  readonly data?: (number | string | boolean)[];
  /** Name of a raw little-endian file beside the case. */
  readonly bin?: string;
}

interface StoredCase {
  readonly inputs: Record<string, StoredTensor>;
  readonly outputs: Record<string, StoredTensor>;
  /** ZipMap models: what native onnxruntime in Python gives for the map outputs. */
  readonly non_tensor_outputs?: Record<string, { data: Record<string, number>[] }>;
}

export type Value = number | bigint | string | boolean;

export interface GoldenTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly values: readonly Value[];
}

export interface GoldenCase {
  readonly inputs: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
}

const datatypes: Record<string, string> = {
  float32: 'FP32',
  float64: 'FP64',
  float16: 'FP16',
  int8: 'INT8',
  uint8: 'UINT8',
  int16: 'INT16',
  uint16: 'UINT16',
  int32: 'INT32',
  uint32: 'UINT32',
  int64: 'INT64',
  uint64: 'UINT64',
  bool: 'BOOL',
  string: 'BYTES',
};

export function readGoldenCase(model: string, name: string): GoldenCase {
  const stored = zooJson<StoredCase>(model, 'golden', `${name}.json`);
  const read = ([tensorName, tensor]: [string, StoredTensor]) => readTensor(model, tensorName, tensor);
  const maps = Object.entries(stored.non_tensor_outputs ?? {}).map(([tensorName, { data }]) => ({
    name: tensorName,
    datatype: 'FP32',
    shape: [data.length, Object.keys(data[0] ?? {}).length],
    // The integer-like keys of the classes come in ascending order, as the labels of the stripped ZipMap do.
    values: data.flatMap((row) => Object.values(row)),
  }));
  return {
    inputs: Object.entries(stored.inputs).map(read),
    outputs: [...Object.entries(stored.outputs).map(read), ...maps],
  };
}

function readTensor(model: string, name: string, { dtype, shape, data, bin }: StoredTensor): GoldenTensor {
  const datatype = datatypes[dtype] ?? dtype;
  if (data) return { name, datatype, shape, values: data.map((value) => plainValue(value, datatype)) };
  const bytes = new Uint8Array(readFileSync(join(zooPath(model, 'golden'), bin ?? '')));
  if (datatype === 'FP32') return { name, datatype, shape, values: [...new Float32Array(bytes.buffer)] };
  if (datatype === 'UINT8') return { name, datatype, shape, values: [...bytes] };
  if (datatype === 'INT64') return { name, datatype, shape, values: [...new BigInt64Array(bytes.buffer)] };
  if (datatype === 'INT32') return { name, datatype, shape, values: [...new Int32Array(bytes.buffer)] };
  throw new Error(`${model}: golden files of ${dtype} are not read`);
}

function plainValue(value: number | string | boolean, datatype: string): Value {
  if (datatype === 'BYTES' || typeof value === 'boolean') return value;
  if (datatype === 'INT64' || datatype === 'UINT64') return BigInt(value);
  return Number(value);
}

/** As meta.json of every model says: floats within 1e-3 + 1e-3 relative, the rest exact; int8 transformers by their cosine. */
export function expectClose(actual: GoldenTensor, expected: GoldenTensor, byCosine: boolean): void {
  expect(actual.shape, actual.name).toEqual(expected.shape);
  expect(actual.datatype, actual.name).toBe(expected.datatype);
  expect(actual.values.length, actual.name).toBe(expected.values.length);
  if (!/^(FP|BF)/.test(expected.datatype)) {
    expect(actual.values, actual.name).toEqual(expected.values);
  } else if (byCosine) {
    expect(cosine(actual.values as number[], expected.values as number[]), actual.name).toBeGreaterThanOrEqual(0.999);
  } else {
    const wrong = expected.values.findIndex((value, index) => !isClose(Number(actual.values[index]), Number(value)));
    const at = `${actual.name}[${wrong}]: ${actual.values[wrong]} instead of ${expected.values[wrong]}`;
    expect(wrong, at).toBe(-1);
  }
}

function isClose(actual: number, expected: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  return Math.abs(actual - expected) <= 1e-3 + 1e-3 * Math.abs(expected);
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    dot += value * other;
    aa += value * value;
    bb += other * other;
  }
  return dot / Math.sqrt(aa * bb);
}
