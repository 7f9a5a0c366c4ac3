// Are two answers the same within a tolerance? Floats by |a - b| <= absolute + relative * |b|, everything else exactly.

import { isFloat } from '../../registry/signature.ts';
import { elementsOf } from '../../worker/protocol/elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';

export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/**
 * @param expected each of these must be in `actual`, by name
 * @returns what differs most, in one sentence part ("output 'y', element 3: 0.5 instead of 0.4"), or null
 */
export function compareAnswers(
  expected: readonly Tensor[],
  actual: readonly Tensor[],
  tolerance: Tolerance,
): string | null {
  for (const output of expected) {
    const other = actual.find(({ name }) => name === output.name);
    const difference = other ? compareTensors(output, other, tolerance) : 'is missing';
    if (difference !== null) return `output '${output.name}' ${difference}`;
  }
  return null;
}

function compareTensors(expected: Tensor, actual: Tensor, tolerance: Tolerance): string | null {
  const [wanted, got] = [expected, actual].map(({ datatype, shape }) => `${datatype} [${shape}]`);
  if (wanted !== got) return `is ${got} instead of ${wanted}`;
  if (!(expected.data instanceof Uint8Array) || !(actual.data instanceof Uint8Array)) {
    return compareStrings(expected.data as readonly Uint8Array[], actual.data as readonly Uint8Array[]);
  }
  if (isFloat(expected.datatype)) {
    return compareFloats(floats(expected, expected.data), floats(actual, actual.data), tolerance);
  }
  if (Buffer.compare(expected.data, actual.data) === 0) return null;
  const [a, b] = [integers(expected, expected.data), integers(actual, actual.data)];
  const at = a.findIndex((value, index) => value !== b[index]);
  return `differs at element ${at}: ${b[at]} instead of ${a[at]}`;
}

/** NaN equals NaN, an infinity itself. */
function compareFloats(expected: ArrayLike<number>, actual: ArrayLike<number>, tolerance: Tolerance): string | null {
  let worst = -1;
  let worstExcess = 0;
  let largest = 0;
  let beyond = 0;
  for (let index = 0; index < expected.length; index++) {
    const [a, b] = [actual[index] ?? 0, expected[index] ?? 0];
    if (Object.is(a, b) || a === b) continue;
    const difference = Math.abs(a - b);
    const excess = difference - tolerance.absolute - tolerance.relative * Math.abs(b);
    if (excess <= 0) continue;
    beyond++;
    largest = Math.max(largest, Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY);
    if (worst === -1 || excess > worstExcess || Number.isNaN(excess)) {
      worst = index;
      worstExcess = excess;
    }
  }
  if (worst === -1) return null;
  const values = `${actual[worst]?.toPrecision(6)} instead of ${expected[worst]?.toPrecision(6)}`;
  return `differs at ${beyond} of ${expected.length} elements, most at element ${worst}: ${values} (${largest.toPrecision(3)})`;
}

function compareStrings(expected: readonly Uint8Array[], actual: readonly Uint8Array[]): string | null {
  const at = expected.findIndex((value, index) => Buffer.compare(value, actual[index] ?? new Uint8Array()) !== 0);
  if (at === -1) return null;
  const [wanted, got] = [expected[at], actual[at]].map((bytes) => JSON.stringify(new TextDecoder().decode(bytes)));
  return `differs at element ${at}: ${got} instead of ${wanted}`;
}

function floats({ datatype }: Tensor, data: Uint8Array): ArrayLike<number> {
  return elementsOf(datatype as 'FP16' | 'BF16' | 'FP32' | 'FP64', data);
}

function integers({ datatype }: Tensor, data: Uint8Array): (number | bigint)[] {
  return Array.from(elementsOf(datatype as 'INT32' | 'INT64' | 'BOOL', data) as ArrayLike<number | bigint>);
}
