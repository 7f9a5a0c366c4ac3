// A route in sentences: what is served now, and what else is going on.
import type { RolloutLimits } from '../../registry/rollout-limits.ts';
import type { Route } from '../../registry/route.ts';
import { type Line, sentence } from './report.ts';

export const limitNames: Record<Exclude<keyof RolloutLimits, 'minRequests'>, string> = {
  ...{
    errorShare: 'error share',
    disagreementShare: 'disagreement share',
    drift: 'drift',
    p95Ms: 'p95 ms',
    accuracyDrop: 'drop of accuracy',
  },
};

/** Says what the default traffic gets, whom this route hurt, then rollout, shadow and the user's own aliases if there are any. */
export function describeRoute(route: Route): Line[] {
  const { stable, canary: _rolledOut, ...own } = route.aliases;
  const { rollout, shadow } = route;
  const share = rollout === null ? '' : `, ${rollout.percent} % of its traffic go to ${rollout.version}`;
  const served = stable === undefined ? 'no version is active' : `serving ${stable}${share}`;
  return [
    `${route.model}: ${served} (epoch ${route.epoch})`,
    ...(route.audit.breaking ?? []).map((text) => sentence(`breaks callers: ${text}`)),
    ...(rollout?.limits === undefined ? [] : [sentence(`limits of the canary: ${describeLimits(rollout.limits)}`)]),
    ...(shadow === null ? [] : [`shadow: ${shadow.version} runs along on ${shadow.percent} %`]),
    ...Object.entries(own).map(([name, version]) => `alias ${name}: ${version}`),
  ];
}

function describeLimits({ minRequests, ...limits }: RolloutLimits): string {
  const each = Object.entries(limits).map(([name, limit]) => `${limitNames[name as keyof typeof limits]} ${limit}`);
  return `${each.join(', ')}, from ${minRequests} requests`;
}

/** One cell of a table. */
export function describeShare(part: { version: string; percent: number } | null | undefined): string {
  return part == null ? '' : `${part.version} ${part.percent} %`;
}
