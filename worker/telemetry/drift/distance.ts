// Measures how far apart two distributions over the same bins are. Pure functions of counts.
import { chiSquaredLimit } from './chi-squared.ts';

/** Added to every bin, so that an empty bin does not make a distance infinite (Jeffreys' prior). */
const smoothing = 0.5;

/** A bin is compared by itself if it is expected to hold at least this many values of each side (Cochran's rule). */
const fewest = 5;

/** Two samples over the same bins, with sparse bins pooled. */
export interface BinPair {
  readonly reference: readonly number[];
  readonly live: readonly number[];
}

/**
 * Pools the sparse bins: those in which either side would expect fewer than five values if both came from one distribution. If
 * the pool is still that small, it joins the smallest of the other bins. Without this, one rare category could make the noise of a
 * distance arbitrarily large.
 * @see W. G. Cochran, Some methods for strengthening the common chi-squared tests, Biometrics 10 (1954)
 */
export function poolSparseBins(reference: ArrayLike<number>, live: ArrayLike<number>): BinPair {
  const totalReference = total(reference);
  const totalLive = total(live);
  const smaller = Math.min(totalReference, totalLive) / (totalReference + totalLive);
  const kept: { reference: number; live: number; expected: number }[] = [];
  const rest = { reference: 0, live: 0, expected: 0 };
  for (let bin = 0; bin < reference.length; bin++) {
    const pair = { reference: reference[bin] ?? 0, live: live[bin] ?? 0 };
    const expected = (pair.reference + pair.live) * smaller;
    if (expected >= fewest) kept.push({ ...pair, expected });
    else add(rest, { ...pair, expected });
  }
  if (rest.expected >= fewest) kept.push(rest);
  else if (rest.expected > 0) {
    const smallest = kept.reduce<(typeof kept)[number] | null>(
      (least, bin) => (least === null || bin.expected < least.expected ? bin : least),
      null,
    );
    if (smallest) add(smallest, rest);
    else kept.push(rest);
  }
  return { reference: kept.map((bin) => bin.reference), live: kept.map((bin) => bin.live) };
}

/**
 * The Population Stability Index: the sum of (q - p) ln(q / p), the symmetric Kullback-Leibler divergence in nats. It is 0 for
 * equal distributions.
 * @see B. Yurdakul, Statistical Properties of Population Stability Index, Western Michigan University (2018)
 */
export function populationStabilityIndex({ reference, live }: BinPair): number {
  const p = shares(reference);
  const q = shares(live);
  return p.reduce((sum, share, bin) => sum + ((q[bin] ?? 0) - share) * Math.log((q[bin] ?? 0) / share), 0);
}

/**
 * The Jensen-Shannon distance with logarithms of base 2: the square root of the divergence, which is a metric. It is 0 for equal
 * distributions and 1 for those that have nothing in common.
 * @see D. M. Endres, J. E. Schindelin, A new metric for probability distributions, IEEE Trans. Inf. Theory 49 (2003)
 */
export function jensenShannonDistance({ reference, live }: BinPair): number {
  const p = shares(reference);
  const q = shares(live);
  let divergence = 0;
  for (const [bin, left] of p.entries()) {
    const right = q[bin] ?? 0;
    const middle = (left + right) / 2;
    divergence += (left * Math.log2(left / middle) + right * Math.log2(right / middle)) / 2;
  }
  return Math.sqrt(Math.max(0, divergence));
}

/** The sizes of the two samples, and the number of bins that were compared. */
export interface Sampling {
  readonly reference: number;
  readonly live: number;
  readonly bins: number;
}

/**
 * The value that the PSI of two samples of one distribution exceeds with the given chance. That PSI is (1/n + 1/N) times a
 * chi-squared variable of bins - 1 degrees of freedom, so its mean is (bins - 1)(1/n + 1/N).
 * @see B. Yurdakul (2018), theorem 3.1
 */
export function noiseOfPsi({ reference, live, bins }: Sampling, chance: number): number {
  return bins < 2 ? 0 : chiSquaredLimit(chance, bins - 1) * (1 / reference + 1 / live);
}

/**
 * The same for the Jensen-Shannon distance: near zero, its divergence in nats is an eighth of the PSI (both are quadratic forms).
 */
export function noiseOfJensenShannon(sampling: Sampling, chance: number): number {
  return Math.sqrt(noiseOfPsi(sampling, chance) / (8 * Math.LN2));
}

/**
 * An upper bound, for any sample sizes, of the chance to see at least this many hits in the live sample if both samples have the
 * same share. Given the total number of hits, those in the live sample are hypergeometric, and Hoeffding's bound holds for them.
 * The factor live.hits + 1 is the price of bounds that were taken from the reference itself: k values beyond its largest or its
 * smallest can be split in k + 1 ways, each with the chance (n / (n + N))^k.
 * @see W. Hoeffding, Probability inequalities for sums of bounded random variables, JASA 58 (1963), theorems 1 and 4
 */
export function chanceOfShare(
  reference: { readonly hits: number; readonly of: number },
  live: { readonly hits: number; readonly of: number },
): number {
  const hits = reference.hits + live.hits;
  const rows = reference.of + live.of;
  if (hits === 0 || rows === 0) return 1;
  const expected = live.of / rows;
  const seen = live.hits / hits;
  if (seen <= expected) return 1;
  const rest = seen === 1 ? 0 : (1 - seen) * Math.log((1 - seen) / (1 - expected));
  return (live.hits + 1) * Math.exp(-hits * (seen * Math.log(seen / expected) + rest));
}

function shares(counts: readonly number[]): number[] {
  const all = total(counts) + smoothing * counts.length;
  return counts.map((count) => (count + smoothing) / all);
}

export function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < counts.length; index++) sum += counts[index] ?? 0;
  return sum;
}

function add(sum: { reference: number; live: number; expected: number }, other: typeof sum): void {
  sum.reference += other.reference;
  sum.live += other.live;
  sum.expected += other.expected;
}
