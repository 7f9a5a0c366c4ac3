// A route in sentences: what is served now, and what else is going on.
import type { Route } from '../../registry/route.ts';

/** What the default traffic gets, then rollout, shadow and the user's own aliases where there are some. */
export function describeRoute(route: Route): string[] {
  const { stable, canary: _rolledOut, ...own } = route.aliases;
  const { rollout, shadow } = route;
  const share = rollout === null ? '' : `, ${rollout.percent} % of its traffic go to ${rollout.version}`;
  const served = stable === undefined ? 'no version is active' : `serving ${stable}${share}`;
  return [
    `${route.model}: ${served} (epoch ${route.epoch})`,
    ...(shadow === null ? [] : [`shadow: ${shadow.version} runs along on ${shadow.percent} %`]),
    ...Object.entries(own).map(([name, version]) => `alias ${name}: ${version}`),
  ];
}

/** One cell of a table. */
export function describeShare(part: { version: string; percent: number } | null | undefined): string {
  return part == null ? '' : `${part.version} ${part.percent} %`;
}
