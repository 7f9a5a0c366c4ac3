// A change of the route as the console's forms send it: read, told in words before it is made, and as the command that does the same.
import * as z from 'zod';
import { parse } from '../../registry/parse.ts';
import type { Route } from '../../registry/route.ts';
import { type RouteAction, routeActionSchema } from '../../registry/route-action.ts';
import { shellLine } from '../../registry/shell-words.ts';

export const changes = ['activate', 'canary', 'promote', 'abort', 'rollback', 'shadow', 'alias', 'unalias'] as const;
export type ChangeName = (typeof changes)[number];

const share = z.preprocess((text) => (text === '' ? undefined : text), z.coerce.number().min(0).max(1).optional());
const positive = z.preprocess((text) => (text === '' ? undefined : text), z.coerce.number().positive().optional());

/** Fields as a browser sends them: those that are left empty are there as empty texts. */
const fieldsSchema = z.object({
  change: z.enum(changes),
  version: z.string().optional(),
  percent: z.coerce.number().min(0).max(100).optional(),
  errorShare: share,
  disagreementShare: share,
  drift: positive,
  name: z.string().optional(),
  reason: z.string().max(1000).default(''),
  breaking: z.literal('yes').optional(),
  epoch: z.coerce.number().int().min(0),
});

export interface Change {
  readonly name: ChangeName;
  readonly action: RouteAction;
  /** The epoch that the person has seen. */
  readonly epoch: number;
  /** To be sent again as they are. */
  readonly fields: Readonly<Record<string, string>>;
}

/** @throws {PopserveError} INVALID_ARGUMENT naming the field at fault */
export function readChange(sent: Readonly<Record<string, unknown>>): Change {
  const fields = parse(fieldsSchema, sent, 'the form');
  const kept = Object.entries(sent).filter(([name, value]) => name !== 'csrf' && typeof value === 'string');
  return {
    name: fields.change,
    action: parse(routeActionSchema, actionOf(fields), 'the form'),
    epoch: fields.epoch,
    fields: Object.fromEntries(kept) as Record<string, string>,
  };
}

function actionOf(fields: z.output<typeof fieldsSchema>): unknown {
  const { change, version, percent, errorShare, disagreementShare, drift, name, reason } = fields;
  const why = { ...(reason.trim() === '' ? {} : { reason: reason.trim() }) };
  const breaking = fields.breaking === 'yes' ? { breaking: true } : {};
  const limits = Object.entries({ errorShare, disagreementShare, drift }).filter(([, limit]) => limit !== undefined);
  switch (change) {
    case 'activate':
      return { action: 'activate', version, ...breaking, ...why };
    case 'rollback':
      return { action: 'rollback', ...(version ? { version } : {}), ...breaking, ...why };
    case 'canary':
      return {
        ...{ action: 'canary', version, percent, ...breaking, ...why },
        ...(limits.length === 0 ? {} : { limits: Object.fromEntries(limits) }),
      };
    case 'promote':
      return { action: 'promote', ...breaking, ...why };
    case 'abort':
      return { action: 'abort', ...why };
    case 'shadow':
      return percent === 0
        ? { action: 'shadow', version: null, ...why }
        : { action: 'shadow', version, percent, ...breaking, ...why };
    case 'alias':
      return { action: 'alias', name, version, ...breaking, ...why };
    case 'unalias':
      return { action: 'alias', name, version: null, ...why };
  }
}

/** What will be different, in a sentence or two. */
export function describeChange({ name, action }: Change, route: Route | null, rollbackTo: string | null): string[] {
  const stable = route?.aliases.stable;
  const now = stable === undefined ? 'Nothing is served now.' : `${stable} is served now.`;
  const ends = route?.rollout ? [`The canary ${route.rollout.version} ends.`] : [];
  switch (action.action) {
    case 'activate':
      return [now, `All traffic gets ${action.version}, at once.`, ...ends];
    case 'rollback':
      return [now, `All traffic gets ${action.version ?? rollbackTo ?? 'the version before'}, at once.`, ...ends];
    case 'canary':
      return [
        now,
        `${action.percent} % of the traffic get ${action.version}; the same devices stay on it.`,
        ...(action.limits ? ['The canary ends by itself where a limit is passed.'] : []),
      ];
    case 'promote':
      return [now, `All traffic gets ${route?.rollout?.version ?? 'the canary'}, at once.`];
    case 'abort':
      return [`All traffic gets ${stable ?? 'stable'} again. ${route?.rollout?.version ?? 'The canary'} gets none.`];
    case 'shadow':
      return action.version === null
        ? [`${route?.shadow?.version ?? 'The shadow'} stops running along.`]
        : [
            `${action.version} runs along on ${action.percent} % of the traffic. Its answers are compared, never returned.`,
          ];
    case 'alias':
      return name === 'unalias'
        ? [`The name ${action.name} goes. Callers who use it get an error.`]
        : [`Callers who ask for ${action.name} get ${action.version}.`];
    case 'renew':
      return [];
  }
}

/** The command that does the same. */
export function commandOf(model: string, { name, action, epoch }: Change): string {
  const words = ['npx', 'popserve', name, model];
  if ('name' in action) words.push(action.name);
  if ('version' in action && action.version) words.push(action.version);
  if (action.action === 'canary' || action.action === 'shadow') words.push('--percent', String(action.percent ?? 0));
  if (action.action === 'canary' && action.limits) {
    const { errorShare, disagreementShare, drift } = action.limits;
    if (errorShare !== undefined) words.push('--max-error-share', String(errorShare));
    if (disagreementShare !== undefined) words.push('--max-disagreement-share', String(disagreementShare));
    if (drift !== undefined) words.push('--max-drift', String(drift));
  }
  if ('breaking' in action && action.breaking) words.push('--breaking');
  if (action.reason !== undefined) words.push('--reason', action.reason);
  if (epoch > 0) words.push('--if-epoch', String(epoch));
  return shellLine(words);
}
