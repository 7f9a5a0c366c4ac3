// How far the answer of one version is from that of another, to the same request. Pure.
import { equalBytes } from '../../registry/bytes.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { type Datatype, isFloat } from '../../registry/signature.ts';
import { firstOtherString } from '../protocol/compare-elements.ts';
import { elementsOf } from '../protocol/elements.ts';
import type { Tensor } from '../protocol/tensor.ts';

export interface Comparison {
  /**
   * The two decide otherwise, in at least one place: another top-1 (the place of the largest number along the last axis, where
   * that has more than one), real numbers without a top-1 that differ by more than a tenth of the left one and by more than the
   * tolerance, another integer, boolean or string, another shape or datatype, an output that is missing, or not a number on one
   * side alone.
   */
  readonly disagrees: boolean;
  /** Pairs of finite numbers that were compared. */
  readonly elements: number;
  readonly sumDifference: number;
  readonly maxDifference: number;
}

/** What is known of the left version: `signature` tells classes from a batch, `tolerance` what is only numeric noise. */
type Described = Pick<Manifest, 'signature' | 'tolerance'>;

/** How much of stable's number another one may differ without being another decision. */
const agreedShare = 0.1;

export function compareOutputs(left: readonly Tensor[], right: readonly Tensor[], stable: Described): Comparison {
  const sum = { disagrees: false, elements: 0, sumDifference: 0, maxDifference: 0 };
  for (const tensor of left) {
    const other = right.find(({ name }) => name === tensor.name);
    if (other === undefined || other.datatype !== tensor.datatype || other.shape.join() !== tensor.shape.join()) {
      sum.disagrees = true;
    } else if (!(tensor.data instanceof Uint8Array) || !(other.data instanceof Uint8Array)) {
      const [one, two] = [tensor.data as readonly Uint8Array[], other.data as readonly Uint8Array[]];
      if (firstOtherString(one, two) !== -1) sum.disagrees = true;
    } else if (tensor.datatype !== 'BYTES') {
      const [one, two] = [numbersOf(tensor.datatype, tensor.data), numbersOf(tensor.datatype, other.data)];
      addDifferences(one, two, sum);
      if (!isFloat(tensor.datatype)) {
        if (!equalBytes(tensor.data, other.data)) sum.disagrees = true;
      } else if (hasTop1(tensor, stable)) {
        if (otherTop1(one, two, tensor.shape.at(-1) ?? 1)) sum.disagrees = true;
      } else if (one.some((value, index) => isFarFrom(value, two[index] ?? Number.NaN, stable))) sum.disagrees = true;
    }
  }
  return sum;
}

/** A single axis of variable length is the batch, not classes. */
function hasTop1({ name, shape }: Tensor, { signature }: Described): boolean {
  const declared = signature.outputs.find((output) => output.name === name)?.shape;
  const batchAlone = declared?.length === 1 && declared[0] === -1;
  return !batchAlone && (shape.at(-1) ?? 1) > 1;
}

/** What is not finite is compared elsewhere. */
function isFarFrom(value: number, other: number, { tolerance }: Described): boolean {
  const size = Math.abs(value);
  const noise = tolerance.absolute + tolerance.relative * size;
  return Math.abs(value - other) > Math.max(agreedShare * size, noise);
}

function numbersOf(datatype: Exclude<Datatype, 'BYTES'>, bytes: Uint8Array): number[] {
  return Array.from(elementsOf(datatype, bytes) as ArrayLike<number | bigint>, Number);
}

interface Sum {
  disagrees: boolean;
  elements: number;
  sumDifference: number;
  maxDifference: number;
}

function addDifferences(left: readonly number[], right: readonly number[], sum: Sum): void {
  left.forEach((value, index) => {
    const other = right[index] ?? Number.NaN;
    if (Object.is(value, other)) {
      if (Number.isFinite(value)) sum.elements += 1;
      return;
    }
    const difference = Math.abs(value - other);
    if (!Number.isFinite(difference)) {
      sum.disagrees = true;
      return;
    }
    sum.elements += 1;
    sum.sumDifference += difference;
    sum.maxDifference = Math.max(sum.maxDifference, difference);
  });
}

function otherTop1(left: readonly number[], right: readonly number[], width: number): boolean {
  for (let row = 0; row < left.length; row += width) {
    if (topOf(left, row, width) !== topOf(right, row, width)) return true;
  }
  return false;
}

/** Of equal numbers the first. */
function topOf(values: readonly number[], from: number, width: number): number {
  let top = from;
  for (let index = from + 1; index < from + width; index++) {
    if ((values[index] ?? 0) > (values[top] ?? 0)) top = index;
  }
  return top - from;
}
