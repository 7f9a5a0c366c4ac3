// After the log of a model lost its newest routes, PoPs that serve one of them ignore the log until its epoch is above theirs. This
// raises it there, with the same routing.
import type { ModelStatus } from '../../registry/api/status.ts';
import type { Route } from '../../registry/route.ts';
import type { RouteAction } from '../../registry/route-action.ts';

/** The calls of a registry that epochs are raised with. */
export interface EpochTarget {
  status(model: string): Promise<ModelStatus>;
  appendRoute(model: string, action: RouteAction, ifEpoch?: number): Promise<{ route: Route }>;
}

export interface RaisedEpoch {
  readonly model: string;
  /** The newest epoch of the log before. */
  readonly from: number;
  /** The highest epoch that any PoP is known to have served. */
  readonly lost: number;
  /** The newest epoch of the log now. */
  readonly to: number;
}

/** A call writes at most so many routes, so that it stays within what one request may ask of storage. */
const mostCalls = 1000;

/**
 * The highest epoch that was ever heard of, where the log does not have it.
 * @returns null if the log is ahead of all that was heard of
 */
export function lostEpoch({ route, release, pops }: ModelStatus): number | null {
  const heard = [release?.epoch ?? 0, ...pops.map(({ highestEpoch }) => highestEpoch)];
  let highest = 0;
  for (const epoch of heard) highest = Math.max(highest, epoch);
  const newest = route?.epoch ?? 0;
  const unlogged = pops.some(({ ahead }) => ahead !== null);
  return highest > newest || (highest === newest && unlogged) ? highest : null;
}

/**
 * @param reason for the history; without one it says which epochs were lost
 * @returns null if no PoP is ahead of the log
 */
export async function raiseEpoch(target: EpochTarget, model: string, reason?: string): Promise<RaisedEpoch | null> {
  const status = await target.status(model);
  const lost = lostEpoch(status);
  if (lost === null || status.route === null) return null;
  const from = status.route.epoch;
  const told = reason ?? `restored from a backup: epochs ${from + 1} to ${lost} were lost`;
  let to = from;
  for (let call = 0; to <= lost && call < mostCalls; call += 1) {
    const { route } = await target.appendRoute(model, { action: 'renew', aboveEpoch: lost, reason: told });
    to = route.epoch;
  }
  return { model, from, lost, to };
}
