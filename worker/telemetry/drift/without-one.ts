// Keeps a single caller from deciding about a window. The counts are compared as a whole, with the largest caller held back, and
// again without each caller. A statistic is past its threshold only if it is so in every comparison.
import { isAnonymous } from './caller-bucket.ts';
import { type CallerCounts, mergeCallers, totalCounts } from './caller-counts.ts';

/** The largest caller counts for as much as the others together divided by this: for a quarter of the whole. */
const othersShare = 3;

/** A bucket that all anonymous callers share. */
const oneAnonymous = 0;

/**
 * The callers of a window, the largest first. Anonymous callers count as one as soon as known callers can be judged without
 * them, because an address costs nothing and a key is given by the operator.
 * @param enough the number of rows from which a window can be judged
 */
export function callersBySize(callers: readonly CallerCounts[], enough: number): CallerCounts[] {
  const known = callers.filter(({ bucket }) => !isAnonymous(bucket));
  const together =
    rowsOf(known) < enough
      ? callers
      : mergeCallers(
          known,
          callers.filter(({ bucket }) => isAnonymous(bucket)).map((caller) => ({ ...caller, bucket: oneAnonymous })),
        );
  return [...together].sort((a, b) => b.rows - a.rows);
}

/** The rows of all callers but the largest. */
export function rowsOfOthers([, ...others]: readonly CallerCounts[]): number {
  return rowsOf(others);
}

/**
 * Whether nearly all rows of a place are of one anonymous caller, while others are heard elsewhere. Judged by itself, such a caller
 * could raise an alarm by choosing a PoP where nobody else is.
 * @param bySize those of the place
 * @param everywhere those of the world
 */
export function isLoneStranger(
  bySize: readonly CallerCounts[],
  everywhere: readonly CallerCounts[],
  enough: number,
): boolean {
  const [largest] = bySize;
  if (largest === undefined || !isAnonymous(largest.bucket) || rowsOfOthers(bySize) >= enough) return false;
  return everywhere.some(({ bucket }) => bucket !== largest.bucket);
}

/**
 * @param bySize from {@link callersBySize}
 * @returns the whole first; nothing else where the others have too few rows: then the largest caller is the traffic
 */
export function comparisons(bySize: readonly CallerCounts[], slots: number, enough: number): Float64Array[] {
  const [largest, ...others] = bySize;
  const ofOthers = rowsOf(others);
  if (largest === undefined || ofOthers < enough) return [totalCounts(bySize, slots)];
  // The largest keeps enough rows to be judged when a caller of nearly the same size is left out.
  const share = Math.min(1, Math.max(ofOthers / othersShare, enough) / largest.rows);
  const held = { ...largest, counts: largest.counts.map((count) => count * share) };
  const callers = [held, ...others];
  return [totalCounts(callers, slots), ...callers.map((left) => totalCounts(allBut(callers, left), slots))];
}

function allBut(callers: readonly CallerCounts[], left: CallerCounts): CallerCounts[] {
  return callers.filter((caller) => caller !== left);
}

function rowsOf(callers: readonly CallerCounts[]): number {
  return callers.reduce((sum, { rows }) => sum + rows, 0);
}
