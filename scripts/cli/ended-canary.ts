// A canary that its guard has ended: nobody was there when it happened, so every look at the model tells of it until the next release.
import { PopserveError } from '../../registry/errors.ts';
import type { Route } from '../../registry/route.ts';
import type { RegistryClient } from './registry-client.ts';

export interface EndedCanary {
  /** Null if the route before is not among those that were read. */
  readonly version: string | null;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly epoch: number;
  /** The limit that was passed, in the guard's words. */
  readonly reason: string;
}

/** Aliases and shadows may have changed since. */
const routesLookedAt = 20;

/** @param newestFirst routes of one model, as the history has them */
export function endedCanary(newestFirst: readonly Route[]): EndedCanary | null {
  for (const [index, { rollout, audit, epoch, aliases }] of newestFirst.entries()) {
    const before = newestFirst[index + 1];
    if (rollout !== null) return null;
    if (audit.actor === 'guard' && audit.action === 'abort') {
      const { at, reason = 'no reason was kept' } = audit;
      return { version: before?.rollout?.version ?? null, at, epoch, reason };
    }
    if (before !== undefined && before.aliases.stable !== aliases.stable) return null;
  }
  return null;
}

/** Reads the history of a model whose newest route has no canary; a history that cannot be read tells nothing. */
export async function findEndedCanary(registry: RegistryClient, route: Route | null): Promise<EndedCanary | null> {
  if (route === null || route.rollout !== null || route.epoch < 2) return null;
  try {
    return endedCanary(await registry.history(route.model, routesLookedAt));
  } catch (error) {
    if (error instanceof PopserveError) return null;
    throw error;
  }
}

export function describeEndedCanary({ version, at, epoch, reason }: EndedCanary): string {
  const of = version === null ? '' : ` of ${version}`;
  const when = at.slice(0, 19).replace('T', ' ');
  return `the canary${of} was ended by its guard at ${when} UTC (epoch ${epoch}): ${reason}`;
}
