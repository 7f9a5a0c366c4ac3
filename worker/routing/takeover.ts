// How a newer route takes over: which versions are loaded first, and whether it takes over although some could not be. Pure.
import { canonicalJson } from '../../registry/canonical-json.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { type Route, type RouteCopy, routedVersions } from '../../registry/route.ts';

export interface TakeoverStep {
  readonly manifest: Manifest;
  /**
   * - `load`: there is room for it beside everything that serves now;
   * - `swap`: it takes the room of what serves now, and requests wait for it meanwhile;
   * - `later`: it is loaded when a request asks for it.
   */
  readonly how: 'load' | 'swap' | 'later';
  /** Whether the route is of no use without it. */
  readonly isStable: boolean;
}

/**
 * Which versions of a newer route are loaded before it takes over, and how, the one that most depends on first. Only `stable` is
 * worth the room of what serves now. Each step is decided when it is asked for: carry one out before the next, so that `fits`
 * sees what it has loaded.
 * @param current what serves now; null: nothing
 * @param fits whether a version can be loaded while others stay; of these only those that are loaded take room
 */
export function* planTakeover(
  current: RouteCopy | null,
  next: RouteCopy,
  fits: (manifest: Manifest, beside: readonly Manifest[]) => boolean,
): Generator<TakeoverStep, void, void> {
  const staying = current ? Object.values(current.manifests) : [];
  for (const version of addedVersions(current?.route ?? null, next.route)) {
    const manifest = next.manifests[version];
    if (!manifest) continue;
    const isStable = version === next.route.aliases.stable;
    const others = staying.filter((other) => other.version !== version);
    const how = fits(manifest, others) ? 'load' : isStable ? 'swap' : 'later';
    yield { manifest, how, isStable };
    if (how === 'load') staying.push(manifest);
  }
}

/**
 * The versions that a newer route names and the present one does not, the one that most depends on first. A version that gets
 * default traffic for the first time is added too: a canary that no request has met here may never have been loaded before it is
 * promoted.
 */
function addedVersions(current: Route | null, next: Route): string[] {
  const known = new Set(current ? routedVersions(current) : []);
  if (next.aliases.stable !== current?.aliases.stable) known.delete(next.aliases.stable ?? '');
  if (next.rollout?.version !== current?.rollout?.version) known.delete(next.rollout?.version ?? '');
  const rank = (version: string) => (version === next.aliases.stable ? 0 : version === next.rollout?.version ? 1 : 2);
  return routedVersions(next)
    .filter((version) => !known.has(version))
    .sort((a, b) => rank(a) - rank(b));
}

/**
 * Whether a route is held back, so that the one before it goes on serving. The default traffic decides:
 * - a route whose `stable` cannot be loaded is held back;
 * - one whose canary or shadow cannot be loaded takes over: `stable` answers for the canary (the failures are counted, so that a
 *   guard ends the rollout), and the shadow is left out;
 * - an alias that cannot be loaded holds the route back only if the default traffic loses nothing by it. A release, a rollback or
 *   an abort never waits for somebody's alias.
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
