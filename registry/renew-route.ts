// Raises the epoch of a model without changing what is served. An isolate never goes back to a lower epoch, so after the newest routes
// of a log were lost, isolates that serve one of them would ignore every release until its epoch is above theirs.
import { PopserveError } from './errors.ts';
import type { Route } from './route.ts';

/** Routes that one call writes at most: each is a write of storage, and one request may ask the platform for 1,000 things. */
export const mostRenewed = 100;

/**
 * The routes to append, oldest first: the same routing under each epoch up to the first one above the given one, because the log
 * has no gaps.
 * @returns none if the newest route is above it already; at most {@link mostRenewed}, so that the call must be repeated for the rest
 * @throws {PopserveError} CONFLICT when the model has no route
 */
export function renewedRoutes(
  current: Route | null,
  aboveEpoch: number,
  { model, actor, at, reason }: { model: string; actor: string; at: Date; reason: string },
): Route[] {
  if (current === null) throw new PopserveError('CONFLICT', `model '${model}' has no route yet; nothing to renew`);
  const missing = Math.max(0, aboveEpoch + 1 - current.epoch);
  return Array.from({ length: Math.min(missing, mostRenewed) }, (_, index) => ({
    ...current,
    epoch: current.epoch + 1 + index,
    audit: { actor, at: at.toISOString(), action: 'renew', reason },
  }));
}
