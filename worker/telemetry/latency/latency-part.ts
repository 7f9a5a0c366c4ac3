// The part "latency" in the Durable Object: what callers of all PoPs say of their calls, per version, side and PoP.
import * as z from 'zod';
import { bucketCount } from '../drift/caller-bucket.ts';
import type { CallerCounts } from '../drift/caller-counts.ts';
import type { TelemetryPart } from '../report.ts';
import { SideCounts, type SideDelta } from '../side-counts.ts';
import { sides } from '../sides.ts';
import { durationsIn, slots } from './bins.ts';
import { callsIn, certainQuantile, leastQuantile } from './quantiles.ts';

const guardedShare = 0.95;

const latencySchema = z.array(
  z.object({
    version: z.string(),
    epoch: z.int().min(0),
    side: z.enum(sides),
    bucket: z
      .int()
      .min(0)
      .max(bucketCount - 1),
    counts: z
      .instanceof(Float64Array)
      .refine(
        (counts) => counts.length === slots && counts.every((count) => count >= 0 && Number.isFinite(count)),
        `expected ${slots} finite counts from 0 on`,
      ),
  }),
) satisfies z.ZodType<readonly SideDelta[]>;

/** An hour is told, in slots of ten minutes. */
export const latencyCounts = new SideCounts({
  ...{ table: 'latency', slotMs: 600_000, toldSlots: 6 },
  rowsOf: (counts) => callsIn(durationsIn(counts)),
});

export const latencyPart: TelemetryPart<'latency'> = {
  schema: latencySchema,

  apply(sql, data, { pop, atMs, keptAs }) {
    latencyCounts.add(sql, data, keptAs);
    latencyCounts.addRecent(sql, data, pop, atMs);
  },

  fold: (sql, range) => latencyCounts.fold(sql, range),

  forget: (sql, what) => latencyCounts.forget(sql, what),

  measures: {
    /**
     * The 95th percentile of what callers waited for the canary, as far as it is certain: beyond the noise of so many calls, and
     * whichever caller is left out. Stable's is the one without the caller who waits longest, so that nobody hides a slow canary by
     * calling stable slow.
     */
    p95Ms(sql, { stable, version, sinceEpoch }) {
      const own = latencyCounts.since(sql, version, 'canary', sinceEpoch);
      const others = latencyCounts.since(sql, stable, 'stable', sinceEpoch);
      const value = certainQuantile(own, guardedShare);
      if (value === null) return null;
      const baseline = leastQuantile(others, guardedShare);
      const samples = callsOf(own);
      const ofStable = baseline === null ? 'no calls' : `${baseline.toPrecision(3)} ms in ${callsOf(others)} calls`;
      return {
        ...{ value, samples, ...(baseline === null ? {} : { baseline }) },
        text: `callers of ${version} wait ${value.toPrecision(3)} ms or longer in 5 % of ${samples} calls (${stable}: ${ofStable})`,
      };
    },
  },
};

function callsOf(callers: readonly CallerCounts[]): number {
  return callers.reduce((sum, { rows }) => sum + rows, 0);
}
