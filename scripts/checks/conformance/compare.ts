// Is an output what the reference says? Within the suite's tolerances; type and shape exactly.

import {
  compareElements,
  distance,
  exactly,
  firstOtherString,
  type Tolerance,
} from '../../../worker/protocol/compare-elements.ts';
import { elementTypeName } from '../../../worker/protocol/element-type.ts';
import type { RawTensor } from '../../../worker/protocol/raw-frame.ts';
import { TensorProto_DataType as types } from '../../onnx/onnx_pb.ts';
import { numbersOf } from './elements.ts';

/**
 * `pass`: |actual - expected| <= absolute + relative * |expected| everywhere; `loose`: beyond that by less than 1e-3 absolute only,
 * or the largest finite number where the reference has an infinity (onnxruntime's Attention masks with it); `values`: other numbers; `form`: another type or shape, or no such output.
 */
export interface Comparison {
  readonly verdict: 'pass' | 'loose' | 'values' | 'form';
  /** The largest difference in words, '' if there is none. */
  readonly difference: string;
}

const single: Tolerance = { relative: 1e-3, absolute: 1e-5 };
const half: Tolerance = { relative: 1e-2, absolute: 1e-3 };
/** Types not listed are compared exactly: integers, strings, and floats so small that their next neighbour is another answer. */
const tolerances = new Map<number, Tolerance>([
  [types.FLOAT, single],
  [types.DOUBLE, single],
  [types.COMPLEX64, single],
  [types.COMPLEX128, single],
  [types.FLOAT16, half],
  [types.BFLOAT16, half],
]);
const largestFinite = new Map<number, number>([
  [types.FLOAT, (2 - 2 ** -23) * 2 ** 127],
  [types.DOUBLE, Number.MAX_VALUE],
  [types.FLOAT16, 65504],
  [types.BFLOAT16, (2 - 2 ** -7) * 2 ** 127],
]);
const looseAbsolute = 1e-3;
const equal: Comparison = { verdict: 'pass', difference: '' };

/** NaN equals NaN, an infinity itself. */
export function compareTensors(expected: RawTensor, actual: RawTensor | undefined): Comparison {
  if (!actual) return { verdict: 'form', difference: `output '${expected.name}' is missing` };
  const [wanted, got] = [expected, actual].map(
    ({ elementType, shape }) => `${elementTypeName(elementType)} [${shape}]`,
  );
  if (wanted !== got) {
    return { verdict: 'form', difference: `output '${expected.name}': expected ${wanted}, got ${got}` };
  }
  return expected.data instanceof Uint8Array && actual.data instanceof Uint8Array
    ? compareNumbers(expected, expected.data, actual.data)
    : compareStrings(expected.name, expected.data as readonly Uint8Array[], actual.data as readonly Uint8Array[]);
}

function compareNumbers({ name, elementType, shape }: RawTensor, expected: Uint8Array, actual: Uint8Array): Comparison {
  const count = shape.reduce((product, size) => product * size, 1);
  const wanted = numbersOf(elementType, expected, count);
  const got = numbersOf(elementType, actual, count);
  const differences = compareElements(wanted, got, tolerances.get(elementType) ?? exactly, (one, other) =>
    saturates(elementType, Number(other), Number(one)) ? 0 : distance(one, other),
  );
  if (differences === null) return equal;
  const { count: differing, worst, largest } = differences;
  const loose = tolerances.has(elementType) && largest < looseAbsolute;
  return {
    verdict: loose ? 'loose' : 'values',
    difference: `output '${name}': ${differing} of ${wanted.length} elements differ, most at ${worst}: expected ${wanted[worst]}, got ${got[worst]}`,
  };
}

function saturates(elementType: number, actual: number, expected: number): boolean {
  return (
    Math.abs(expected) === Infinity && actual === Math.sign(expected) * (largestFinite.get(elementType) ?? Infinity)
  );
}

function compareStrings(name: string, expected: readonly Uint8Array[], actual: readonly Uint8Array[]): Comparison {
  const at = firstOtherString(expected, actual);
  if (at === -1) return equal;
  const [wanted, got] = [expected[at], actual[at]].map((string) =>
    JSON.stringify(Buffer.from(string ?? []).toString()),
  );
  return { verdict: 'values', difference: `output '${name}': element ${at}: expected ${wanted}, got ${got}` };
}
