// How long callers wait for answers, by what they say of their calls themselves.
import * as z from 'zod';
import { versionSchema } from '../names.ts';

const count = z.int().min(0);
const quantile = z.number().min(0).nullable();

const kind = {
  version: versionSchema,
  side: z
    .enum(['stable', 'canary', 'named'])
    .describe('The side of a rollout; `named`: the callers asked for the version.'),
};

export const recentLatencySchema = z.object({
  ...kind,
  place: z.string().describe('`global`, or `pop:` and the name of a PoP.'),
  calls: count.describe('Calls that were told of.'),
  outcomes: z
    .object({ ok: count, refused: count, failed: count, timeout: count })
    .describe('How they ended: answered, status 4xx, status 5xx, given up by the caller.'),
  p50Ms: quantile.describe('Of the answered and the given up ones; null: there was none.'),
  p95Ms: quantile,
  p99Ms: quantile,
  bytesP50: quantile.describe('Half of the answers were at most this large.'),
});

export type RecentLatency = z.infer<typeof recentLatencySchema>;

export const totalLatencySchema = z.object({
  ...kind,
  outcomes: recentLatencySchema.shape.outcomes,
  buckets: z
    .array(z.object({ leMs: z.number(), count }))
    .describe('Answered and given up calls that took at most so long. It grows from one to the next.'),
  count: count.describe('All of them.'),
  sumMs: z.number().min(0).describe('Their durations together, estimated from the bins.'),
});

export type TotalLatency = z.infer<typeof totalLatencySchema>;

export const latencyStatusSchema = z.object({
  source: z.literal('callers').describe('Measured by those who called, who may be wrong.'),
  recentFromMs: z.int().min(0).describe('Since when `recent` counts: milliseconds since 1970, about an hour ago.'),
  recent: z.array(recentLatencySchema),
  totals: z.array(totalLatencySchema).describe('Of all time, over all PoPs.'),
});

export type LatencyStatus = z.infer<typeof latencyStatusSchema>;
