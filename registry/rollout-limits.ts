// The limits of a rollout, which a guard enforces. The share of traffic and the version are in route.ts.
import * as z from 'zod';

const shareSchema = z.number().min(0).max(1);

export const rolloutLimitsSchema = z
  .strictObject({
    /** Share of failed requests among those that the rollout sent to the version. It counts only where it is also above stable's. */
    errorShare: shareSchema.optional(),
    /** Share of shadow requests whose answer decides otherwise than stable's. */
    disagreementShare: shareSchema.optional(),
    /** Distance of the inputs from the version's baseline. */
    drift: z.number().positive().optional(),
    /** 95th percentile of what callers wait, in milliseconds. It counts only where it is also above stable's. */
    p95Ms: z.number().positive().max(600_000).optional(),
    /** How much smaller the share of right labels may be than stable's, by what callers say was true. */
    accuracyDrop: shareSchema.optional(),
    /** Nothing is decided from fewer requests. */
    minRequests: z.int().min(1).max(1_000_000_000).default(100),
  })
  .refine(({ minRequests: _, ...limits }) => Object.values(limits).some((limit) => limit !== undefined), {
    message: 'expected at least one of errorShare, disagreementShare, drift, p95Ms, accuracyDrop',
  });

export type RolloutLimits = z.infer<typeof rolloutLimitsSchema>;
