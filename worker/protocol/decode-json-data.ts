// The JSON form of a tensor's data (PROTOCOL.md 2.5), nested or flat, to its raw elements.
import { invalid } from '../../registry/errors.ts';
import type { Datatype } from '../../registry/signature.ts';
import { toBfloat16Bits } from './bfloat16.ts';
import { describeShape, describeValue } from './describe.ts';
import type { Tensor } from './tensor.ts';

type VisitRow = (row: readonly unknown[], start: number) => void;

interface Target {
  readonly where: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly count: number;
}

function visitNested(target: Target, data: unknown, visit: VisitRow): void {
  const { shape, where } = target;
  let start = 0;
  const descend = (value: unknown, axis: number): void => {
    if (!Array.isArray(value)) {
      throw invalid(`${where}: expected an array of ${shape[axis]} at dimension ${axis}, got ${describeValue(value)}`);
    }
    if (value.length !== shape[axis]) {
      throw invalid(
        `${where}: shape is ${describeShape(shape)}, but an array at dimension ${axis} has ${value.length} elements`,
      );
    }
    if (axis === shape.length - 1) {
      visit(value, start);
      start += value.length;
    } else {
      for (const inner of value) descend(inner, axis + 1);
    }
  };
  descend(data, 0);
}

/**
 * Calls `visit` with each run of elements, in row-major order.
 * @throws PopserveError INVALID_ARGUMENT for data that is neither flat nor nested to the shape
 */
export function visitRows(target: Target, data: unknown, visit: VisitRow): void {
  const { shape, where, count } = target;
  const rows = shape.length === 0 && !Array.isArray(data) ? [data] : data;
  if (!Array.isArray(rows)) throw invalid(`${where}: data is ${describeValue(data)}, expected an array`);
  if (shape.length > 1 && Array.isArray(rows[0])) {
    visitNested(target, rows, visit);
  } else if (rows.length === count) {
    visit(rows, 0);
  } else {
    throw invalid(`${where}: shape ${describeShape(shape)} has ${count} elements, data has ${rows.length}`);
  }
}

const integerTypes = {
  UINT8: { min: 0, max: 0xff, make: (count: number) => new Uint8Array(count) },
  UINT16: { min: 0, max: 0xffff, make: (count: number) => new Uint16Array(count) },
  UINT32: { min: 0, max: 0xffffffff, make: (count: number) => new Uint32Array(count) },
  INT8: { min: -0x80, max: 0x7f, make: (count: number) => new Int8Array(count) },
  INT16: { min: -0x8000, max: 0x7fff, make: (count: number) => new Int16Array(count) },
  INT32: { min: -0x80000000, max: 0x7fffffff, make: (count: number) => new Int32Array(count) },
} as const;

const wideTypes = {
  INT64: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
  UINT64: { min: 0n, max: 2n ** 64n - 1n },
} as const;

function integerFault(
  target: Target,
  index: number,
  value: unknown,
  min: number | bigint,
  max: number | bigint,
): Error {
  const element = `${target.where}: element ${index} is ${describeValue(value)}`;
  if (typeof value !== 'bigint' && !Number.isInteger(value)) {
    return invalid(`${element}, expected ${target.datatype}, an integer ${min}..${max}`);
  }
  return invalid(`${element}, outside ${target.datatype} ${min}..${max}`);
}

function decodeIntegers(
  target: Target,
  data: unknown,
  type: (typeof integerTypes)[keyof typeof integerTypes],
): Uint8Array {
  const { min, max } = type;
  const elements = type.make(target.count);
  visitRows(target, data, (row, start) => {
    for (let index = 0; index < row.length; index++) {
      const value = row[index];
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
        throw integerFault(target, start + index, value, min, max);
      }
      elements[start + index] = value;
    }
  });
  return new Uint8Array(elements.buffer);
}

/** Written as two 32-bit words: no BigInt per element, except for those that need one. */
function decodeWideIntegers(
  target: Target,
  data: unknown,
  exact: () => unknown,
  type: keyof typeof wideTypes,
): Uint8Array {
  const { min, max } = wideTypes[type];
  const words = new Uint32Array(target.count * 2);
  const wide = new BigInt64Array(words.buffer);
  const decode = (source: unknown): boolean => {
    let inexact = false;
    visitRows(target, source, (row, start) => {
      for (let index = 0; index < row.length; index++) {
        const value = row[index];
        if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) {
          words[(start + index) * 2] = value;
          words[(start + index) * 2 + 1] = Math.floor(value / 2 ** 32);
        } else if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
          if (source !== data) {
            const element = `${target.where}: element ${start + index} is ${value}`;
            throw invalid(`${element}, expected ${type} ${min}..${max}, written as plain digits`);
          }
          inexact = true;
        } else if (typeof value === 'bigint' && value >= min && value <= max) {
          wide[start + index] = BigInt.asIntN(64, value);
        } else {
          throw integerFault(target, start + index, value, min, max);
        }
      }
    });
    return !inexact;
  };
  if (!decode(data)) decode(exact());
  return new Uint8Array(words.buffer);
}

function decodeFloats(target: Target, data: unknown, elements: Float64Array | Float32Array | Float16Array): Uint8Array {
  visitRows(target, data, (row, start) => {
    for (let index = 0; index < row.length; index++) {
      const value = row[index];
      // JSON has no NaN; null stands for it, as in what popserve and others answer.
      if (value === null) {
        elements[start + index] = Number.NaN;
        continue;
      }
      if (typeof value !== 'number') throw floatFault(target, start + index, value);
      elements[start + index] = value;
      if (!Number.isFinite(elements[start + index])) throw floatFault(target, start + index, value);
    }
  });
  return new Uint8Array(elements.buffer);
}

function floatFault(target: Target, index: number, value: unknown): Error {
  const came = `${target.where}: element ${index} is ${describeValue(value)}`;
  if (typeof value === 'number') return invalid(`${came}, outside the range of ${target.datatype}`);
  return invalid(`${came}, expected ${target.datatype}, a number or null`);
}

function decodeBfloat16(target: Target, data: unknown): Uint8Array {
  const elements = new Uint16Array(target.count);
  visitRows(target, data, (row, start) => {
    for (let index = 0; index < row.length; index++) {
      const value = row[index] === null ? Number.NaN : row[index];
      if (typeof value !== 'number') throw floatFault(target, start + index, value);
      const bits = toBfloat16Bits(value);
      if ((bits & 0x7fff) === 0x7f80) throw floatFault(target, start + index, value);
      elements[start + index] = bits;
    }
  });
  return new Uint8Array(elements.buffer);
}

function decodeBooleans(target: Target, data: unknown): Uint8Array {
  const elements = new Uint8Array(target.count);
  visitRows(target, data, (row, start) => {
    for (let index = 0; index < row.length; index++) {
      const value = row[index];
      if (value === true || value === 1) elements[start + index] = 1;
      else if (value !== false && value !== 0) {
        throw invalid(
          `${target.where}: element ${start + index} is ${describeValue(value)}, expected BOOL, true or false`,
        );
      }
    }
  });
  return elements;
}

function decodeStrings(target: Target, data: unknown): Uint8Array[] {
  const encoder = new TextEncoder();
  const elements: Uint8Array[] = [];
  visitRows(target, data, (row, start) => {
    for (let index = 0; index < row.length; index++) {
      const value = row[index];
      // Bytes that came as base64.
      if (value instanceof Uint8Array) {
        elements.push(value);
        continue;
      }
      if (typeof value !== 'string') {
        throw invalid(`${target.where}: element ${start + index} is ${describeValue(value)}, expected BYTES, a string`);
      }
      if (!value.isWellFormed()) {
        throw invalid(`${target.where}: element ${start + index} has half a surrogate pair, which has no UTF-8`);
      }
      elements.push(encoder.encode(value));
    }
  });
  return elements;
}

/**
 * @param target name for messages, datatype, shape and the number of its elements, already bounded
 * @param data the parsed `data`
 * @param exact the same `data` with bigint for integers beyond 2^53; called only if an INT64 or UINT64 needs it
 * @throws PopserveError INVALID_ARGUMENT naming the first element or array at fault
 */
export function decodeJsonData(target: Target, data: unknown, exact: () => unknown): Tensor['data'] {
  const { datatype, count } = target;
  switch (datatype) {
    case 'BYTES':
      return decodeStrings(target, data);
    case 'BOOL':
      return decodeBooleans(target, data);
    case 'FP64':
      return decodeFloats(target, data, new Float64Array(count));
    case 'FP32':
      return decodeFloats(target, data, new Float32Array(count));
    case 'FP16':
      return decodeFloats(target, data, new Float16Array(count));
    case 'BF16':
      return decodeBfloat16(target, data);
    case 'INT64':
    case 'UINT64':
      return decodeWideIntegers(target, data, exact, datatype);
    default:
      return decodeIntegers(target, data, integerTypes[datatype]);
  }
}
