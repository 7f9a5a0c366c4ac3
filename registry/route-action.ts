// The actions by which an operator changes a model's route, as they come over HTTP.
import * as z from 'zod';
import { aliasSchema, versionSchema } from './names.ts';
import { isPrototypeName, prototypeRefusal } from './prototype-names.ts';
import { rolloutLimitsSchema } from './rollout-limits.ts';
import { percentSchema } from './route.ts';

const reason = z.string().max(1000).optional();
/** The version may hurt callers of the one that is served, and the operator means it; goes with a reason. */
const breaking = z.boolean().optional();

const actionSchema = z.discriminatedUnion('action', [
  /** Makes a version `stable` at once. */
  z.strictObject({ action: z.literal('activate'), version: versionSchema, breaking, reason }),
  /** Goes back to a version, by default the one that was stable before; ends a rollout. */
  z.strictObject({ action: z.literal('rollback'), version: versionSchema.optional(), breaking, reason }),
  /** Gives a version a share of the default traffic, or changes the share. Limits stay until they are replaced; null removes them. */
  z.strictObject({
    action: z.literal('canary'),
    version: versionSchema,
    percent: percentSchema,
    limits: rolloutLimitsSchema.nullable().optional(),
    breaking,
    reason,
  }),
  /** Ends a rollout: its version becomes `stable`. */
  z.strictObject({ action: z.literal('promote'), breaking, reason }),
  /** Ends a rollout: all traffic returns to `stable`. */
  z.strictObject({ action: z.literal('abort'), reason }),
  /** Lets a version run along on a share of the default traffic; version null or 0 percent ends it. */
  z
    .strictObject({
      action: z.literal('shadow'),
      version: versionSchema.nullable(),
      percent: percentSchema.optional(),
      breaking,
      reason,
    })
    .refine(({ version, percent }) => version === null || percent !== undefined, {
      path: ['percent'],
      message: 'expected a number from 0 to 100 with the version',
    }),
  /** Serves the same under the first epoch above the given one, after the newest routes of the log were lost. */
  z.strictObject({
    action: z.literal('renew'),
    aboveEpoch: z.int().min(1).max(999_999_999_000),
    reason: z.string().min(1).max(1000),
  }),
  /** Points a name of the user's own to a version; null removes it. */
  z.strictObject({
    action: z.literal('alias'),
    // A route has its aliases as members.
    name: aliasSchema.refine((name) => !isPrototypeName(name), {
      error: ({ input }) => `'${input}' ${prototypeRefusal}`,
    }),
    version: versionSchema.nullable(),
    breaking,
    reason,
  }),
]);

export const routeActionSchema = actionSchema.refine(
  (action) => !isBreaking(action) || (action.reason ?? '').trim() !== '',
  { path: ['reason'], message: "expected one with 'breaking': true, for the history of the model" },
);

export type RouteAction = z.infer<typeof actionSchema>;

/** An action that changes what is served. */
export type RoutingAction = Exclude<RouteAction, { action: 'renew' }>;

/** Whether the operator means to hurt callers. */
export function isBreaking(action: RouteAction): boolean {
  return 'breaking' in action && action.breaking === true;
}
