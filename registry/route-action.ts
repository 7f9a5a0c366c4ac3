// The actions by which an operator changes a model's route, as they come over HTTP.
import * as z from 'zod';
import { aliasSchema, versionSchema } from './names.ts';
import { rolloutLimitsSchema } from './rollout-limits.ts';
import { percentSchema } from './route.ts';

const reason = z.string().max(1000).optional();

export const routeActionSchema = z.discriminatedUnion('action', [
  /** Makes a version `stable` at once. */
  z.strictObject({ action: z.literal('activate'), version: versionSchema, reason }),
  /** Goes back to a version, by default the one that was stable before; ends a rollout. */
  z.strictObject({ action: z.literal('rollback'), version: versionSchema.optional(), reason }),
  /** Gives a version a share of the default traffic, or changes the share. Limits stay until they are replaced; null removes them. */
  z.strictObject({
    action: z.literal('canary'),
    version: versionSchema,
    percent: percentSchema,
    limits: rolloutLimitsSchema.nullable().optional(),
    reason,
  }),
  /** Ends a rollout: its version becomes `stable`. */
  z.strictObject({ action: z.literal('promote'), reason }),
  /** Ends a rollout: all traffic returns to `stable`. */
  z.strictObject({ action: z.literal('abort'), reason }),
  /** Lets a version run along on a share of the default traffic; version null or 0 percent ends it. */
  z
    .strictObject({
      action: z.literal('shadow'),
      version: versionSchema.nullable(),
      percent: percentSchema.optional(),
      reason,
    })
    .refine(({ version, percent }) => version === null || percent !== undefined, {
      path: ['percent'],
      message: 'expected a number from 0 to 100 with the version',
    }),
  /** Points a name of the user's own to a version; null removes it. */
  z.strictObject({ action: z.literal('alias'), name: aliasSchema, version: versionSchema.nullable(), reason }),
]);

export type RouteAction = z.infer<typeof routeActionSchema>;
