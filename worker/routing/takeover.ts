// Whether a newer route takes over although not all of its versions could be loaded. Pure.
import { canonicalJson } from '../../registry/canonical-json.ts';
import type { Route } from '../../registry/route.ts';

/**
 * The default traffic decides. A route whose `stable` cannot be loaded is held back: the one before it goes on serving. One
 * whose canary or shadow cannot be loaded takes over: `stable` answers for the canary (and its failures are counted, so that a
 * guard ends it), the shadow is left out. An alias that cannot be loaded holds the route back while that keeps nothing from the
 * default traffic; a release, a rollback or an abort is never kept waiting for somebody's alias.
 * @param current the route that serves now
 * @param failed versions that could not be loaded
 */
export function isHeldBack(current: Route | null, next: Route, failed: ReadonlySet<string>): boolean {
  const { stable } = next.aliases;
  if (stable !== undefined && failed.has(stable)) return true;
  if (current === null || changesDefault(current, next)) return false;
  return Object.entries(next.aliases).some(([alias, version]) => alias !== 'canary' && failed.has(version));
}

function changesDefault(current: Route, next: Route): boolean {
  const sides = [current, next].map(({ aliases, rollout }) => canonicalJson({ stable: aliases.stable, rollout }));
  return sides[0] !== sides[1];
}
