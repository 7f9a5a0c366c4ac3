// Quantiles of counts in logarithmic bins, such that no single caller decides about them: see docs/latency.md, "Callers".
import type { CallerCounts } from '../drift/caller-counts.ts';
import { callersBySize, comparisons } from '../drift/without-one.ts';
import { durationBins, durationsIn, type LogBins, slots, upperEdge } from './bins.ts';

/** From so many calls on others are judged without the largest caller. */
const enoughCalls = 30;
/** Standard errors of Wilson's interval: by chance a look is beyond it about once in a thousand, also from 100 calls. */
const standardErrors = 2.5;

export function callsIn(bins: Float64Array): number {
  return bins.reduce((sum, count) => sum + count, 0);
}

/**
 * Interpolates within a bin by its logarithm; in the bin below the first edge, linearly from 0.
 * @param share 0 to 1
 * @returns null if nothing was counted; the last edge for what lies beyond it
 */
export function quantile(layout: LogBins, bins: Float64Array, share: number): number | null {
  const total = callsIn(bins);
  if (total === 0) return null;
  let below = 0;
  for (const [bin, count] of bins.entries()) {
    const inside = share * total - below;
    if (count > 0 && inside <= count) {
      const upper = upperEdge(layout, bin);
      if (bin === 0) return upper * (inside / count);
      const lower = upperEdge(layout, bin - 1);
      return Number.isFinite(upper) ? lower * (upper / lower) ** (inside / count) : lower;
    }
    below += count;
  }
  return upperEdge(layout, layout.bins - 2);
}

/** All callers together, the largest held back to a quarter of the whole where there are others. */
export function weighed(callers: readonly CallerCounts[]): Float64Array {
  const [whole] = compared(callers);
  return whole ?? new Float64Array(slots);
}

/**
 * The quantile of the durations that is certain whoever is left out: the least of all comparisons, each beyond the noise that its
 * number of calls has.
 * @returns null if nothing was counted
 */
export function certainQuantile(callers: readonly CallerCounts[], share: number): number | null {
  return least(callers, (durations) =>
    quantile(durationBins, durations, 1 - largestShare(1 - share, Math.max(1, callsIn(durations)))),
  );
}

/**
 * The upper end of the interval for a share that was seen in so many calls.
 * @see E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927
 */
function largestShare(seen: number, calls: number): number {
  const z = standardErrors;
  const middle = seen + (z * z) / (2 * calls);
  const width = z * Math.sqrt((seen * (1 - seen)) / calls + (z * z) / (4 * calls * calls));
  return (middle + width) / (1 + (z * z) / calls);
}

/** The least quantile that is left when any one caller is left out. @returns null if nothing was counted */
export function leastQuantile(callers: readonly CallerCounts[], share: number): number | null {
  return least(callers, (durations) => quantile(durationBins, durations, share));
}

function least(callers: readonly CallerCounts[], of: (durations: Float64Array) => number | null): number | null {
  let smallest: number | null = null;
  for (const counts of compared(callers)) {
    const value = of(durationsIn(counts));
    if (value !== null && (smallest === null || value < smallest)) smallest = value;
  }
  return smallest;
}

function compared(callers: readonly CallerCounts[]): Float64Array[] {
  return comparisons(callersBySize(callers, enoughCalls), slots, enoughCalls);
}
