// Parsed JSON of a tensor's data, nested or flat, to its raw elements. Long arrays are read from the bytes instead: data-slice.ts.
import { invalid } from '../../registry/errors.ts';
import { toBfloat16Bits } from './bfloat16.ts';
import {
  arrayFault,
  boolFault,
  type DataTarget,
  flatLengthFault,
  floatFault,
  integerFault,
  integerTypes,
  nestedLengthFault,
  notPlainFault,
  stringFault,
  surrogateFault,
  wideTypes,
} from './data-faults.ts';
import { describeValue } from './describe.ts';
import { exactInteger } from './exact-integers.ts';
import { nonFiniteNumber, quotedNumber } from './non-finite.ts';
import type { Tensor } from './tensor.ts';

type VisitRow = (row: readonly unknown[], start: number) => void;

function visitNested(target: DataTarget, data: unknown, visit: VisitRow): void {
  const { shape } = target;
  let start = 0;
  const descend = (value: unknown, axis: number): void => {
    if (!Array.isArray(value)) throw arrayFault(target, axis, value);
    if (value.length !== shape[axis]) throw nestedLengthFault(target, axis, value.length);
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
 * @throws {PopserveError} INVALID_ARGUMENT for data that is neither flat nor nested to the shape
 */
export function visitRows(target: DataTarget, data: unknown, visit: VisitRow): void {
  const { shape, where, count } = target;
  const rows = shape.length === 0 && !Array.isArray(data) ? [data] : data;
  if (!Array.isArray(rows)) throw invalid(`${where}: data is ${describeValue(data)}, expected an array`);
  if (shape.length > 1 && Array.isArray(rows[0])) visitNested(target, rows, visit);
  else if (rows.length === count) visit(rows, 0);
  else throw flatLengthFault(target, rows.length);
}

function decodeIntegers(
  target: DataTarget,
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
  target: DataTarget,
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
            throw notPlainFault(target, start + index, value, min, max);
          }
          inexact = true;
        } else {
          const exact = typeof value === 'bigint' ? value : exactInteger(value);
          if (exact === null || exact < min || exact > max) {
            throw integerFault(target, start + index, exact ?? value, min, max);
          }
          wide[start + index] = BigInt.asIntN(64, exact);
        }
      }
    });
    return !inexact;
  };
  if (!decode(data)) decode(exact());
  return new Uint8Array(words.buffer);
}

/**
 * JSON has no NaN; null stands for it, as in what popserve and others answer. The token is read as well, and those of infinities, bare
 * or in quotes.
 */
function tokenNumber(target: DataTarget, index: number, value: unknown): number {
  const number = value === null ? Number.NaN : (nonFiniteNumber(value) ?? quotedNumber(value));
  if (number === null) throw floatFault(target, index, value);
  return number;
}

function decodeFloats(
  target: DataTarget,
  data: unknown,
  elements: Float64Array | Float32Array | Float16Array,
): Uint8Array {
  visitRows(target, data, (row, start) => {
    for (let index = 0; index < row.length; index++) {
      const value = row[index];
      if (typeof value !== 'number') {
        elements[start + index] = tokenNumber(target, start + index, value);
        continue;
      }
      elements[start + index] = value;
      if (!Number.isFinite(elements[start + index])) throw floatFault(target, start + index, value);
    }
  });
  return new Uint8Array(elements.buffer);
}

function decodeBfloat16(target: DataTarget, data: unknown): Uint8Array {
  const elements = new Uint16Array(target.count);
  visitRows(target, data, (row, start) => {
    for (let index = 0; index < row.length; index++) {
      const value = row[index];
      if (typeof value !== 'number') {
        elements[start + index] = toBfloat16Bits(tokenNumber(target, start + index, value));
        continue;
      }
      const bits = toBfloat16Bits(value);
      if ((bits & 0x7fff) === 0x7f80) throw floatFault(target, start + index, value);
      elements[start + index] = bits;
    }
  });
  return new Uint8Array(elements.buffer);
}

function decodeBooleans(target: DataTarget, data: unknown): Uint8Array {
  const elements = new Uint8Array(target.count);
  visitRows(target, data, (row, start) => {
    for (let index = 0; index < row.length; index++) {
      const value = row[index];
      if (value === true || value === 1) elements[start + index] = 1;
      else if (value !== false && value !== 0) {
        throw boolFault(target, start + index, value);
      }
    }
  });
  return elements;
}

function decodeStrings(target: DataTarget, data: unknown): Uint8Array[] {
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
        throw stringFault(target, start + index, value);
      }
      if (!value.isWellFormed()) {
        throw surrogateFault(target, start + index);
      }
      elements.push(encoder.encode(value));
    }
  });
  return elements;
}

/**
 * @param target name for messages, datatype, shape and the number of its elements, already bounded
 * @param data the parsed `data`
 * @param exact the same `data` with integers beyond 2^53 as bigint or marked (exact-integers.ts); called only if an INT64 or UINT64
 *   needs it
 * @throws PopserveError INVALID_ARGUMENT naming the first element or array at fault
 */
export function decodeJsonData(target: DataTarget, data: unknown, exact: () => unknown): Tensor['data'] {
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
