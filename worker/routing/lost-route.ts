// Whether a route that is served has been lost where routes are kept. Pure.
import { canonicalJson } from '../../registry/canonical-json.ts';
import type { Route } from '../../registry/route.ts';

/**
 * @param kept the newest route of the log, or its copy; null: none
 * @returns true if it is older than the one that is served, or another one of the same epoch
 */
export function isBehind(kept: Route | null, served: Route): boolean {
  if (kept === null || kept.epoch < served.epoch) return true;
  return kept.epoch === served.epoch && canonicalJson(kept) !== canonicalJson(served);
}
