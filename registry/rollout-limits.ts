// The limits of a rollout: what a guard holds its version to. Share of traffic and versions are in route.ts.
import * as z from 'zod';

const shareSchema = z.number().min(0).max(1);

export const limitsSchema = z
  .strictObject({
    /** Failed requests among those that the rollout sent to the version; only where it is also above stable's. */
    errorShare: shareSchema.optional(),
    /** Shadow requests whose answer decides otherwise than stable's. */
    disagreementShare: shareSchema.optional(),
    /** Distance of the inputs from the version's baseline. */
    drift: z.number().positive().optional(),
    /** Nothing is decided from fewer requests. */
    minRequests: z.int().min(1).max(1_000_000_000).default(100),
  })
  .refine(({ minRequests: _, ...limits }) => Object.values(limits).some((limit) => limit !== undefined), {
    message: 'expected at least one of errorShare, disagreementShare, drift',
  });

export type Limits = z.infer<typeof limitsSchema>;
