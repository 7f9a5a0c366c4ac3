// Which elements of two tensors of one form differ: the ground that the release gate, the operator suite and the shadow's
// comparison share. How much of a difference is too much is for them to say.
import { equalBytes } from '../../registry/bytes.ts';

export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

export const exactly: Tolerance = { absolute: 0, relative: 0 };

export interface Differences {
  /** How many elements differ beyond the tolerance. */
  readonly count: number;
  /** The index of the one that differs most, of several the first. */
  readonly worst: number;
  /** By how much that one differs; infinite where one side is not finite. */
  readonly largest: number;
}

/**
 * Compares |actual - expected| with absolute + relative * |expected|. NaN equals NaN and an infinity itself, nothing else is near
 * them; 64-bit integers are compared exactly.
 * @param measure by how much two elements that are too far apart differ, where that is not their distance
 * @returns null if no element differs
 */
export function compareElements(
  expected: ArrayLike<number | bigint>,
  actual: ArrayLike<number | bigint>,
  tolerance: Tolerance,
  measure: (expected: number | bigint, actual: number | bigint) => number = distance,
): Differences | null {
  let count = 0;
  let [worst, largest] = [-1, -1];
  for (let index = 0; index < expected.length; index++) {
    const [wanted, got] = [expected[index] ?? Number.NaN, actual[index] ?? Number.NaN];
    if (wanted === got || Object.is(wanted, got) || isNear(wanted, got, tolerance)) continue;
    count++;
    const size = measure(wanted, got);
    if (size > largest) [worst, largest] = [index, size];
  }
  return count === 0 ? null : { count, worst, largest };
}

function isNear(wanted: number | bigint, got: number | bigint, { absolute, relative }: Tolerance): boolean {
  if (typeof wanted === 'bigint' || typeof got === 'bigint') return false;
  const difference = Math.abs(got - wanted);
  return Number.isFinite(difference) && difference <= absolute + relative * Math.abs(wanted);
}

export function distance(wanted: number | bigint, got: number | bigint): number {
  if (typeof wanted === 'bigint' && typeof got === 'bigint') return Number(got > wanted ? got - wanted : wanted - got);
  const difference = Math.abs(Number(got) - Number(wanted));
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

/** @returns the index of the first BYTES element that is another one, -1 if all are equal */
export function firstOtherString(expected: readonly Uint8Array[], actual: readonly Uint8Array[]): number {
  return expected.findIndex((element, index) => {
    const other = actual[index];
    return other === undefined || !equalBytes(element, other);
  });
}
