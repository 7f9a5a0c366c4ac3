// Measures how far apart the answers of two versions to the same request are. Pure functions.
import { batchOf } from '../../registry/batch.ts';
import { equalBytes } from '../../registry/bytes.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { type Datatype, isFloat } from '../../registry/signature.ts';
import { firstOtherString } from '../protocol/compare-elements.ts';
import { elementsOf } from '../protocol/elements.ts';
import type { Tensor } from '../protocol/tensor.ts';

export interface Comparison {
  /**
   * Whether the two answers decide differently in at least one place. They do if the top-1 differs (the place of the largest
   * number along the last axis, if that axis has more than one), if real numbers without a top-1 differ by more than a tenth of
   * the left one and by more than the tolerance, if an integer, boolean or string differs, if the shape or datatype differs, if
   * an output is missing, or if only one side is not a number.
   */
  readonly disagrees: boolean;
  /** The number of pairs of finite numbers that were compared. */
  readonly elements: number;
  readonly sumDifference: number;
  readonly maxDifference: number;
}

/** The left version: its `signature` tells classes from a batch, its `tolerance` says what is only numeric noise. */
type Described = Pick<Manifest, 'signature' | 'tolerance'>;

/** A number may differ by this share of stable's number without counting as a different decision. */
export const agreedShare = 0.1;

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

/** A single axis that counts records, or that has any length, holds no classes. */
function hasTop1({ name, shape }: Tensor, { signature }: Described): boolean {
  const declared = signature.outputs.find((output) => output.name === name)?.shape;
  const isList = declared?.length === 1 && (declared[0] === -1 || batchOf(signature).outputs.has(name));
  return !isList && (shape.at(-1) ?? 1) > 1;
}

/** Only for finite numbers: {@link addDifferences} compares the others. */
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

/** The first of several equal numbers counts as the largest. */
function topOf(values: readonly number[], from: number, width: number): number {
  let top = from;
  for (let index = from + 1; index < from + width; index++) {
    if ((values[index] ?? 0) > (values[top] ?? 0)) top = index;
  }
  return top - from;
}
