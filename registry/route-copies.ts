// Keeps the copies that the points of presence read in step with the route log. The log decides: a copy may lag behind it, and one
// that says something else is replaced.
import { canonicalJson } from './canonical-json.ts';
import { PopserveError } from './errors.ts';
import { ManifestReader } from './manifest-reader.ts';
import type { ManifestStore } from './manifest-store.ts';
import { type Route, type RouteCopy, routedVersions } from './route.ts';
import type { RouteCopyStore } from './route-copy-store.ts';
import type { RouteLog } from './route-log.ts';
import type { TrialStore } from './trial-store.ts';
import { type Pause, writePatiently } from './write-rate.ts';

/** How often a writer that was overtaken writes again; after that the scheduled repair does. */
const mostRewrites = 3;

export interface CopiesReport {
  /** Models whose copy was missing or differed from the log and was written again. */
  repaired: string[];
  /** Models that could not be read or mended this time, and why. */
  failed: { model: string; error: string }[];
}

interface Stores {
  trials: TrialStore;
  manifests: ManifestStore;
  routes: Pick<RouteLog, 'newest'>;
  copies: RouteCopyStore;
}

/** @throws {PopserveError} INTERNAL when the route names a version whose manifest is gone */
export async function buildCopy(route: Route, manifests: ManifestReader): Promise<RouteCopy> {
  const entries = await Promise.all(
    routedVersions(route).map(async (version) => {
      const manifest = await manifests.find(version);
      if (manifest !== null) return [version, manifest] as const;
      throw new PopserveError(
        'INTERNAL',
        `model '${route.model}': epoch ${route.epoch} names version '${version}', whose manifest is gone`,
      );
    }),
  );
  return { route, manifests: Object.fromEntries(entries) };
}

/**
 * Writes the newest route of a model into its copy. A writer that was overtaken while it wrote would replace a newer copy by an
 * older one, so it looks again afterwards.
 * @throws {PopserveError} INTERNAL when the route names a version whose manifest is gone; RATE_LIMITED when the copy was written less
 *   than a second ago
 */
export async function putNewestCopy(
  model: string,
  { routes, copies, trials }: Pick<Stores, 'routes' | 'copies' | 'trials'>,
  manifests: ManifestReader,
): Promise<void> {
  let writtenEpoch = 0;
  for (let count = 0; count < mostRewrites; count += 1) {
    const route = await routes.newest(model);
    if (route === null || route.epoch === writtenEpoch) return;
    const [copy, proven] = await Promise.all([buildCopy(route, manifests), provenOf(route, trials)]);
    await copies.put(proven.length === 0 ? copy : { ...copy, proven });
    writtenEpoch = route.epoch;
  }
}

/**
 * The same, repeated where the copy was written less than a second ago. For callers that nobody waits for.
 * @throws {PopserveError} as {@link putNewestCopy} does; RATE_LIMITED when other writers were faster again and again
 */
export async function putNewestCopyPatiently(model: string, stores: Stores, pause: Pause): Promise<void> {
  await writePatiently(pause, () => putNewestCopy(model, stores, new ManifestReader(stores.manifests, model)));
}

/** Writes every copy that is missing or differs from the log, behind or ahead of it. A model that fails does not stop the others. */
export async function repairCopies(stores: Stores, pause: Pause): Promise<CopiesReport> {
  const report: CopiesReport = { repaired: [], failed: [] };
  for (const model of await stores.manifests.listModels()) {
    try {
      if (await isInStep(model, stores)) continue;
      await putNewestCopyPatiently(model, stores, pause);
      report.repaired.push(model);
    } catch (error) {
      report.failed.push({ model, error: String(error) });
    }
  }
  return report;
}

async function isInStep(model: string, { routes, copies, trials }: Stores): Promise<boolean> {
  const [route, copy] = await Promise.all([routes.newest(model), copies.get(model)]);
  if (route === null) return true;
  if (copy === null || canonicalJson(copy.route) !== canonicalJson(route)) return false;
  const known = new Set(copy.proven);
  return (
    routedVersions(route).every((version) => known.has(version)) ||
    (await provenOf(route, trials)).length === known.size
  );
}

/** The versions of a route that are known to load and run, so that no point of presence has to ask. */
async function provenOf(route: Route, trials: TrialStore): Promise<string[]> {
  const versions = routedVersions(route);
  const proven = await Promise.all(versions.map((version) => trials.isProven(route.model, version)));
  return versions.filter((_, index) => proven[index]);
}
