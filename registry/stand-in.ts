// The route that an isolate begins with where the newest one names a version that may never return: without it, whatever starts
// anew would load that version first, and never answer.
import { ManifestReader } from './manifest-reader.ts';
import type { ManifestStore } from './manifest-store.ts';
import type { RouteCopy } from './route.ts';
import { buildCopy } from './route-copies.ts';
import type { RouteLog } from './route-log.ts';
import type { TrialStore } from './trial-store.ts';

/** How far the log is read back; each route is one read. */
const mostRead = 16;

/**
 * @returns the newest route before this one whose stable version has no trial that did not end well; null where the stable version of
 *   this one has none either, or where no earlier route is better
 */
export async function findStandIn(
  { route, proven = [] }: RouteCopy,
  stores: { trials: TrialStore; routes: RouteLog; manifests: ManifestStore },
): Promise<RouteCopy | null> {
  const { model, epoch, aliases } = route;
  const { stable } = aliases;
  if (stable === undefined || proven.includes(stable) || route.previous.length === 0) return null;
  const doubtful = new Map<string, boolean>();
  const isDoubtful = async (version: string) => {
    const known = doubtful.get(version);
    if (known !== undefined) return known;
    const trial = await stores.trials.read(model, version);
    const isOpen = !trial.proven && trial.attempts.length > 0;
    doubtful.set(version, isOpen);
    return isOpen;
  };
  if (!(await isDoubtful(stable))) return null;
  for (let before = epoch - 1; before >= Math.max(1, epoch - mostRead); before--) {
    const earlier = await stores.routes.get(model, before);
    const version = earlier?.aliases.stable;
    if (!earlier || version === undefined || (await isDoubtful(version))) continue;
    return await buildCopy(earlier, new ManifestReader(stores.manifests, model));
  }
  return null;
}
