// What is counted of answers whose truth was told: right labels, or how far numbers were off, in fixed bins that merge by addition.
import type { Feedback } from '../../../registry/api/feedback.ts';
import { invalid } from '../../../registry/errors.ts';
import { describeValue } from '../../protocol/describe.ts';
import { binOf, type LogBins } from '../latency/bins.ts';
import type { Predicted } from './predicted.ts';

/** Records, and right ones among them. */
export const labelSlots = 2;
const rightSlot = 1;

/** Half octaves of the absolute error, from a millionth to a billion; smaller ones count as none. */
export const errorBins: LogBins = { first: 1e-6, perOctave: 2, bins: 50 * 2 + 2 };

/** Records, then the bins. */
export const numberSlots = 1 + errorBins.bins;

/**
 * @returns null where no record's truth and answer are both known
 * @throws {PopserveError} INVALID_ARGUMENT for a truth that the answer cannot be compared with
 */
export function judged({ kind, values }: Predicted, truth: Feedback['truth']): Float64Array | null {
  const truths = Array.isArray(truth) ? truth : [truth];
  if (truths.length !== values.length) {
    throw invalid(`truth: expected ${values.length} for the records of the answer, got ${truths.length}`);
  }
  const counts = new Float64Array(kind === 'labels' ? labelSlots : numberSlots);
  for (const [record, told] of truths.entries()) {
    const said = values[record] ?? null;
    if (told === null || said === null) continue;
    counts[0] = (counts[0] ?? 0) + 1;
    const slot = kind === 'labels' ? labelSlot(said, told) : numberSlot(said, told);
    if (slot !== null) counts[slot] = (counts[slot] ?? 0) + 1;
  }
  return counts[0] === 0 ? null : counts;
}

export function rightIn(counts: Float64Array): number {
  return counts[rightSlot] ?? 0;
}

export function errorsIn(counts: Float64Array): Float64Array {
  return counts.subarray(1);
}

/** Labels are compared as they are written: 1 is '1', and true is 'true'. */
function labelSlot(said: string | number, told: string | number | boolean): number | null {
  return String(said) === String(told) ? rightSlot : null;
}

function numberSlot(said: string | number, told: string | number | boolean): number {
  if (typeof told !== 'number')
    throw invalid(`truth: expected a number, as the model answers, got ${describeValue(told)}`);
  return 1 + binOf(errorBins, Math.abs(Number(said) - told));
}
