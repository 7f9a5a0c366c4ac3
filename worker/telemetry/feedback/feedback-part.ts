// The part "feedback" in the Durable Object: how right the answers of a version were, per side and PoP, by what callers say was true.
import * as z from 'zod';
import { bucketCount } from '../drift/caller-bucket.ts';
import { type CallerCounts, totalCounts } from '../drift/caller-counts.ts';
import { callersBySize, comparisons } from '../drift/without-one.ts';
import type { TelemetryPart } from '../report.ts';
import { SideCounts } from '../side-counts.ts';
import { sides } from '../sides.ts';
import type { Told } from './feedback-counter.ts';
import { labelSlots, numberSlots, rightIn } from './judgement.ts';
import { takeUnseen } from './seen-answers.ts';

const count = z.int().min(0);

const feedbackSchema = z.array(
  z.object({
    issuer: z.string(),
    sequence: count,
    expiresDay: count,
    version: z.string(),
    epoch: count,
    side: z.enum(sides),
    pop: z.string(),
    bucket: z
      .int()
      .min(0)
      .max(bucketCount - 1),
    counts: z
      .instanceof(Float64Array)
      .refine(
        (counts) =>
          (counts.length === labelSlots || counts.length === numberSlots) &&
          counts.every((each) => each >= 0 && Number.isFinite(each)),
        `expected ${labelSlots} or ${numberSlots} finite counts from 0 on`,
      ),
  }),
) satisfies z.ZodType<readonly Told[]>;

/** From so many records on others are judged without the largest caller. */
const enoughRecords = 30;
/** Standard errors by which the drop must be beyond noise: by chance a look is so about once in a thousand. */
const standardErrors = 3;

/** A day is told, in slots of an hour. */
export const feedbackCounts = new SideCounts({
  ...{ table: 'feedback', slotMs: 3_600_000, toldSlots: 24 },
  rowsOf: (counts) => counts[0] ?? 0,
});

export const feedbackPart: TelemetryPart<'feedback'> = {
  schema: feedbackSchema,

  apply(sql, data, { atMs, keptAs }) {
    const unseen = takeUnseen(sql, data, atMs);
    feedbackCounts.add(sql, unseen, keptAs);
    for (const [pop, own] of Map.groupBy(unseen, (told) => told.pop)) feedbackCounts.addRecent(sql, own, pop, atMs);
  },

  fold: (sql, range) => feedbackCounts.fold(sql, range),

  forget: (sql, what) => feedbackCounts.forget(sql, what),

  measures: {
    /**
     * How much smaller the canary's share of right labels is than stable's, as far as it is certain: beyond the noise of so many
     * records, and whichever caller is left out on either side.
     */
    accuracyDrop(sql, { stable, version, sinceEpoch }) {
      const own = feedbackCounts.since(sql, version, 'canary', sinceEpoch).filter(isOfLabels);
      const others = feedbackCounts.since(sql, stable, 'stable', sinceEpoch).filter(isOfLabels);
      const [ofOwn, ofOthers] = [sharesOf(own), sharesOf(others)];
      const [whole, wholeOthers] = [ofOwn[0], ofOthers[0]];
      if (whole === undefined || wholeOthers === undefined) return null;
      let value = Number.POSITIVE_INFINITY;
      for (const canary of ofOwn) for (const served of ofOthers) value = Math.min(value, certainDrop(served, canary));
      const [records, recordsOfOthers] = [recordsOf(own), recordsOf(others)];
      return {
        ...{ value: Math.max(0, value), samples: Math.min(records, recordsOfOthers) },
        text:
          `${percent(whole)} of ${records} answers of ${version} were right ` +
          `(${stable}: ${percent(wholeOthers)} of ${recordsOfOthers}), a drop of at least ${value.toFixed(3)}`,
      };
    },
  },
};

interface Share {
  readonly right: number;
  readonly records: number;
}

function isOfLabels({ counts }: CallerCounts): boolean {
  return counts.length === labelSlots;
}

/** Of all callers, the largest held back, and of all without each. Empty if nothing was told. */
function sharesOf(callers: readonly CallerCounts[]): Share[] {
  return comparisons(callersBySize(callers, enoughRecords), labelSlots, enoughRecords)
    .map((counts) => ({ right: rightIn(counts), records: counts[0] ?? 0 }))
    .filter(({ records }) => records > 0);
}

/**
 * The lower end of the interval of a difference of two shares. One right and one wrong record are added to each, so that no share is
 * certain for being 0 or 1.
 * @see A. Agresti and B. Caffo, Simple and effective confidence intervals for proportions and differences of proportions, 2000
 */
function certainDrop(from: Share, to: Share): number {
  const [p, q] = [from, to].map(({ right, records }) => (right + 1) / (records + 2));
  const variance = (share = 0, { records }: Share) => (share * (1 - share)) / (records + 2);
  return (p ?? 0) - (q ?? 0) - standardErrors * Math.sqrt(variance(p, from) + variance(q, to));
}

function recordsOf(callers: readonly CallerCounts[]): number {
  return totalCounts(callers, labelSlots)[0] ?? 0;
}

function percent({ right, records }: Share): string {
  return `${((100 * right) / records).toFixed(1)} %`;
}
