// How far the answer of one version is from that of another, to the same request. Pure.
import type { Datatype } from '../../registry/signature.ts';
import { elementsOf } from '../protocol/elements.ts';
import type { Tensor } from '../protocol/tensor.ts';

export interface Comparison {
  /**
   * The two decide otherwise: another top-1 (the place of the largest number along the last axis, where that has more than
   * one), another integer, boolean or string, another shape or datatype, an output that is missing, or not a number on one
   * side alone. Real numbers without a top-1 only differ.
   */
  readonly disagrees: boolean;
  /** Pairs of finite numbers that were compared. */
  readonly elements: number;
  readonly sumDifference: number;
  readonly maxDifference: number;
}

const realTypes: ReadonlySet<Datatype> = new Set(['FP16', 'FP32', 'FP64', 'BF16']);

export function compareOutputs(left: readonly Tensor[], right: readonly Tensor[]): Comparison {
  const sum = { disagrees: false, elements: 0, sumDifference: 0, maxDifference: 0 };
  for (const tensor of left) {
    const other = right.find(({ name }) => name === tensor.name);
    if (other === undefined || other.datatype !== tensor.datatype || other.shape.join() !== tensor.shape.join()) {
      sum.disagrees = true;
    } else if (!(tensor.data instanceof Uint8Array) || !(other.data instanceof Uint8Array)) {
      if (!sameStrings(tensor.data, other.data)) sum.disagrees = true;
    } else if (tensor.datatype !== 'BYTES') {
      const [one, two] = [numbersOf(tensor.datatype, tensor.data), numbersOf(tensor.datatype, other.data)];
      addDifferences(one, two, sum);
      const real = realTypes.has(tensor.datatype);
      const width = tensor.shape.at(-1) ?? 1;
      if (real ? width > 1 && otherTop1(one, two, width) : one.some((value, index) => value !== two[index])) {
        sum.disagrees = true;
      }
    }
  }
  return sum;
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

function sameStrings(left: Tensor['data'], right: Tensor['data']): boolean {
  if (left instanceof Uint8Array || right instanceof Uint8Array || left.length !== right.length) return false;
  return left.every((string, index) => {
    const other = right[index];
    return other?.length === string.length && string.every((byte, at) => byte === other[at]);
  });
}
