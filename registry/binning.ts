// Fixed bins for the values of one feature, and counting into them. Pure. The same code counts reference data when a version is
// published and live values at a point of presence, so that the two can be compared.
import * as z from 'zod';
import { plainText } from './bounds.ts';

const count = z.int().min(0);

/** These limits keep a baseline to a few KB, so that even a damaged one costs a point of presence nothing. */
const mostEdges = 64;
export const mostCategories = 32;
const longestCategory = 64;
/** The usual thresholds for the population stability index are stated for ten bins. */
const defaultBins = 10;

const numericBinsSchema = z
  .strictObject({
    kind: z.literal('numeric'),
    /** Ascending; n edges make n + 1 bins. The bin of a value is the number of edges that are not above it; the outer bins are open. */
    edges: z.array(z.number()).max(mostEdges),
    /** Smallest and largest finite value of the reference. A value beyond them is out of range. Null if the reference had none. */
    range: z.tuple([z.number(), z.number()]).nullable(),
  })
  .refine(({ edges }) => edges.every((edge, index) => index === 0 || edge > (edges[index - 1] ?? edge)), {
    path: ['edges'],
    message: 'expected ascending numbers',
  });

const categoricalBinsSchema = z
  .strictObject({
    kind: z.literal('categorical'),
    /** Each has a bin; one more bin, the last, takes all other values. Numbers and booleans are written as in JSON. */
    categories: z.array(plainText).max(mostCategories),
  })
  .refine(({ categories }) => new Set(categories).size === categories.length, {
    path: ['categories'],
    message: 'expected each category once',
  });

export const binsSchema = z.discriminatedUnion('kind', [numericBinsSchema, categoricalBinsSchema]);

export type Bins = z.infer<typeof binsSchema>;

export const binCountsSchema = z.strictObject({
  /** Values per bin. */
  bins: z
    .array(count)
    .min(1)
    .max(Math.max(mostEdges, mostCategories) + 1),
  /** NaN and empty texts, which are in no bin. */
  missing: count,
  /** Values beyond the range, or of none of the categories. They are in a bin as well: an outer one, or the last. */
  outside: count,
});

export type BinCounts = z.infer<typeof binCountsSchema>;

/** NaN and '' stand for a missing value. */
export type FeatureValue = number | string;

export function binCount(bins: Bins): number {
  return (bins.kind === 'numeric' ? bins.edges.length : bins.categories.length) + 1;
}

export function emptyCounts(bins: Bins): BinCounts {
  return { bins: new Array<number>(binCount(bins)).fill(0), missing: 0, outside: 0 };
}

/**
 * @returns a function that counts one value into `counts`; made once per feature, it allocates nothing when it is called
 */
export function counter(bins: Bins, counts: BinCounts): (value: FeatureValue) => void {
  return bins.kind === 'numeric' ? numericCounter(bins, counts) : categoricalCounter(bins, counts);
}

export function countValues(bins: Bins, values: Iterable<FeatureValue>): BinCounts {
  const counts = emptyCounts(bins);
  const add = counter(bins, counts);
  for (const value of values) add(value);
  return counts;
}

/** The sum of two counts over the same bins. */
export function mergeCounts(left: BinCounts, right: BinCounts): BinCounts {
  return {
    bins: left.bins.map((values, bin) => values + (right.bins[bin] ?? 0)),
    missing: left.missing + right.missing,
    outside: left.outside + right.outside,
  };
}

/** The number of values that were counted, missing ones included. */
export function totalCount({ bins, missing }: BinCounts): number {
  return bins.reduce((sum, values) => sum + values, missing);
}

/**
 * Bins that hold about the same number of values each. A value that alone exceeds a bin's share gets a bin of its own, and the
 * others share the rest; a feature with few different values gets a bin for each.
 */
export function numericBins(values: Iterable<number>, wanted = defaultBins): Bins {
  const sorted = Float64Array.from(Array.from(values).filter(Number.isFinite)).sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return { kind: 'numeric', edges: [], range: null };
  const edges: number[] = [];
  let start = 0;
  for (let bins = wanted; bins > 1 && start < sorted.length; bins--) {
    const end = binEnd(sorted, start, Math.max(1, Math.round((sorted.length - start) / bins)));
    if (end === sorted.length) break;
    edges.push(shortestBetween(sorted[end - 1] ?? first, sorted[end] ?? last));
    start = end;
  }
  // JSON has no -0.
  return { kind: 'numeric', edges, range: [first + 0, last + 0] };
}

/** Bins for the most frequent categories, in the order of their names. */
export function categoricalBins(values: Iterable<FeatureValue>): Bins {
  const frequent = [...tally(values)].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, mostCategories);
  return { kind: 'categorical', categories: frequent.map(([category]) => category).sort() };
}

/** Whether the values are names rather than free text or measurements: few, short, and seen five times each on average. */
export function looksCategorical(values: readonly FeatureValue[]): boolean {
  const counts = tally(values);
  const present = values.filter((value) => !isMissing(value)).length;
  const fewTimes = present < counts.size * 5;
  return (
    counts.size <= mostCategories && !fewTimes && [...counts.keys()].every((text) => text.length <= longestCategory)
  );
}

export function isMissing(value: FeatureValue): boolean {
  return value === '' || Number.isNaN(value);
}

function numericCounter(
  { edges, range }: Bins & { kind: 'numeric' },
  counts: BinCounts,
): (value: FeatureValue) => void {
  const limits = Float64Array.from(edges);
  const [low, high] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const { bins } = counts;
  return (value) => {
    const number = Number(value);
    if (Number.isNaN(number) || value === '') {
      counts.missing++;
      return;
    }
    let bin = 0;
    while (bin < limits.length && number >= (limits[bin] as number)) bin++;
    bins[bin] = (bins[bin] as number) + 1;
    if (number < low || number > high) counts.outside++;
  };
}

function categoricalCounter(
  { categories }: Bins & { kind: 'categorical' },
  counts: BinCounts,
): (value: FeatureValue) => void {
  const binOf = new Map(categories.map((category, bin) => [category, bin]));
  const { bins } = counts;
  return (value) => {
    if (isMissing(value)) {
      counts.missing++;
      return;
    }
    const bin = binOf.get(typeof value === 'string' ? value : String(value));
    if (bin === undefined) counts.outside++;
    const at = bin ?? categories.length;
    bins[at] = (bins[at] as number) + 1;
  };
}

/** Where a bin of about `share` values ends: never between equal values, but on the nearer side of a run of them. */
function binEnd(sorted: Float64Array, start: number, share: number): number {
  const value = sorted[start + share - 1] ?? Number.NaN;
  let [runStart, runEnd] = [start + share - 1, start + share];
  while (runStart > start && sorted[runStart - 1] === value) runStart--;
  while (runEnd < sorted.length && sorted[runEnd] === value) runEnd++;
  const before = runStart - start;
  return before > 0 && share - before < runEnd - start - share ? runStart : runEnd;
}

/** A number well between two others with as few digits as possible, so that a value which lost its last digits keeps its bin. */
function shortestBetween(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  const margin = (high / 2 - low / 2) / 2;
  for (let digits = 1; digits <= 17; digits++) {
    const rounded = Number(middle.toPrecision(digits));
    if (rounded - low >= margin && high - rounded >= margin && rounded > low) return rounded + 0;
  }
  return high + 0;
}

function tally(values: Iterable<FeatureValue>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (!isMissing(value)) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  }
  return counts;
}
