// The fixed bins that calls are counted in: how long they took, how many bytes came, how they ended. All isolates have the same
// bins, so counts merge by addition, in any order.

export const outcomes = ['ok', 'refused', 'failed', 'timeout'] as const;

/** `ok`: answered; `refused`: status 4xx; `failed`: status 5xx; `timeout`: the caller gave up waiting. */
export type Outcome = (typeof outcomes)[number];

/** Bins whose edges grow by the same factor, with one bin below the first edge and one above the last. */
export interface LogBins {
  readonly first: number;
  readonly perOctave: number;
  readonly bins: number;
}

/** Quarter octaves from 0.25 ms to 65.5 s: neighbouring edges are 19 % apart. */
export const durationBins: LogBins = { first: 0.25, perOctave: 4, bins: 18 * 4 + 2 };

/** Octaves from 64 bytes to 64 MiB. */
export const sizeBins: LogBins = { first: 64, perOctave: 1, bins: 20 + 2 };

const sizesAt = durationBins.bins;
const outcomesAt = sizesAt + sizeBins.bins;

/** The length of an array of counts: durations, then sizes, then outcomes. */
export const slots = outcomesAt + outcomes.length;

export function binOf({ first, perOctave, bins }: LogBins, value: number): number {
  if (value < first) return 0;
  return Math.min(bins - 1, 1 + Math.floor(Math.log2(value / first) * perOctave));
}

/** The upper edge of a bin; the last bin has none. */
export function upperEdge({ first, perOctave, bins }: LogBins, bin: number): number {
  return bin >= bins - 1 ? Number.POSITIVE_INFINITY : first * 2 ** (bin / perOctave);
}

/**
 * Adds one call. Only calls that were answered, or that the caller stopped waiting for, have their duration counted: a version
 * that fails fast must not look fast.
 */
export function addCall(counts: Float64Array, call: { ms: number; bytes: number | null; outcome: Outcome }): void {
  const { ms, bytes, outcome } = call;
  const add = (slot: number) => {
    counts[slot] = (counts[slot] ?? 0) + 1;
  };
  add(outcomesAt + outcomes.indexOf(outcome));
  if (outcome === 'ok' || outcome === 'timeout') add(binOf(durationBins, ms));
  if (bytes !== null) add(sizesAt + binOf(sizeBins, bytes));
}

export function durationsIn(counts: Float64Array): Float64Array {
  return counts.subarray(0, sizesAt);
}

export function sizesIn(counts: Float64Array): Float64Array {
  return counts.subarray(sizesAt, outcomesAt);
}

export function outcomesIn(counts: Float64Array): Record<Outcome, number> {
  const count = (outcome: Outcome) => Math.round(counts[outcomesAt + outcomes.indexOf(outcome)] ?? 0);
  return { ok: count('ok'), refused: count('refused'), failed: count('failed'), timeout: count('timeout') };
}
