// The faults that the JSON form of a tensor's data can have, each with its message, and the ranges of integers.
import { invalid, type PopserveError } from '../../registry/errors.ts';
import type { Datatype } from '../../registry/signature.ts';
import { describeShape, describeValue } from './describe.ts';

/** A tensor whose data is being read. */
export interface DataTarget {
  /** The start of each message: `input 'x'`. */
  readonly where: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Elements of the shape, already bounded. */
  readonly count: number;
}

export const integerTypes = {
  UINT8: { min: 0, max: 0xff, make: (count: number) => new Uint8Array(count) },
  UINT16: { min: 0, max: 0xffff, make: (count: number) => new Uint16Array(count) },
  UINT32: { min: 0, max: 0xffffffff, make: (count: number) => new Uint32Array(count) },
  INT8: { min: -0x80, max: 0x7f, make: (count: number) => new Int8Array(count) },
  INT16: { min: -0x8000, max: 0x7fff, make: (count: number) => new Int16Array(count) },
  INT32: { min: -0x80000000, max: 0x7fffffff, make: (count: number) => new Int32Array(count) },
} as const;

export const wideTypes = {
  INT64: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
  UINT64: { min: 0n, max: 2n ** 64n - 1n },
} as const;

export function arrayFault({ where, shape }: DataTarget, axis: number, came: unknown): PopserveError {
  return invalid(`${where}: expected an array of ${shape[axis]} at dimension ${axis}, got ${describeValue(came)}`);
}

export function nestedLengthFault({ where, shape }: DataTarget, axis: number, length: number): PopserveError {
  return invalid(
    `${where}: shape is ${describeShape(shape)}, but an array at dimension ${axis} has ${length} elements`,
  );
}

export function flatLengthFault({ where, shape, count }: DataTarget, length: number): PopserveError {
  return invalid(`${where}: shape ${describeShape(shape)} has ${count} elements, data has ${length}`);
}

export function integerFault(
  target: DataTarget,
  index: number,
  value: unknown,
  min: number | bigint,
  max: number | bigint,
): PopserveError {
  const element = `${target.where}: element ${index} is ${describeValue(value)}`;
  if (typeof value !== 'bigint' && !Number.isInteger(value)) {
    return invalid(`${element}, expected ${target.datatype}, an integer ${min}..${max}`);
  }
  return invalid(`${element}, outside ${target.datatype} ${min}..${max}`);
}

/** An integer beyond 2^53 in a form that JSON's readers round. */
export function notPlainFault(
  { where, datatype }: DataTarget,
  index: number,
  value: number,
  min: bigint,
  max: bigint,
): PopserveError {
  return invalid(
    `${where}: element ${index} is ${value}, expected ${datatype} ${min}..${max}, written as plain digits`,
  );
}

export function floatFault(target: DataTarget, index: number, value: unknown): PopserveError {
  const came = `${target.where}: element ${index} is ${describeValue(value)}`;
  if (typeof value === 'number') return invalid(`${came}, outside the range of ${target.datatype}`);
  return invalid(`${came}, expected ${target.datatype}, a number or null`);
}

export function boolFault({ where }: DataTarget, index: number, value: unknown): PopserveError {
  return invalid(`${where}: element ${index} is ${describeValue(value)}, expected BOOL, true or false`);
}

export function stringFault({ where }: DataTarget, index: number, value: unknown): PopserveError {
  return invalid(`${where}: element ${index} is ${describeValue(value)}, expected BYTES, a string`);
}

export function surrogateFault({ where }: DataTarget, index: number): PopserveError {
  return invalid(`${where}: element ${index} has half a surrogate pair, which has no UTF-8`);
}
