// Keeps the copies that the points of presence read in step with the route log. The log is the truth; a copy may lag.
import { PopserveError } from './errors.ts';
import { readManifest } from './manifest.ts';
import type { ManifestStore } from './manifest-store.ts';
import { type Route, type RouteCopy, routedVersions } from './route.ts';
import type { RouteCopyStore } from './route-copy-store.ts';
import type { RouteLog } from './route-log.ts';

/** Writers that overtake each other more often than this leave the rest to the scheduled repair. */
const mostRewrites = 3;

export interface CopiesReport {
  /** Models whose copy was missing or behind and was written again. */
  repaired: string[];
  /** Models that could not be looked at or mended this time, and why. */
  failed: { model: string; error: string }[];
}

interface Stores {
  manifests: ManifestStore;
  routes: RouteLog;
  copies: RouteCopyStore;
}

/** @throws {PopserveError} INTERNAL if the route names a version whose manifest is gone */
export async function buildCopy(route: Route, manifests: ManifestStore): Promise<RouteCopy> {
  const entries = await Promise.all(
    routedVersions(route).map(async (version) => {
      const text = await manifests.get(route.model, version);
      if (text !== null) return [version, readManifest(text, route.model, version)] as const;
      throw new PopserveError(
        'INTERNAL',
        `model '${route.model}': epoch ${route.epoch} names version '${version}', whose manifest is gone`,
      );
    }),
  );
  return { route, manifests: Object.fromEntries(entries) };
}

/**
 * Writes the newest route of a model into its copy. A writer that was overtaken while it wrote would leave an older copy
 * behind the newer one's back, so it looks again afterwards.
 */
export async function putNewestCopy(model: string, { manifests, routes, copies }: Stores): Promise<void> {
  let writtenEpoch = 0;
  for (let count = 0; count < mostRewrites; count += 1) {
    const route = await routes.newest(model);
    if (route === null || route.epoch === writtenEpoch) return;
    await copies.put(await buildCopy(route, manifests));
    writtenEpoch = route.epoch;
  }
}

/** Writes every copy that is missing or behind. One model that fails does not keep the others from being mended. */
export async function repairCopies(stores: Stores): Promise<CopiesReport> {
  const report: CopiesReport = { repaired: [], failed: [] };
  for (const model of await stores.manifests.listModels()) {
    try {
      if (!(await isBehind(model, stores))) continue;
      await putNewestCopy(model, stores);
      report.repaired.push(model);
    } catch (error) {
      report.failed.push({ model, error: String(error) });
    }
  }
  return report;
}

async function isBehind(model: string, { routes, copies }: Stores): Promise<boolean> {
  const [route, copy] = await Promise.all([routes.newest(model), copies.get(model)]);
  return route !== null && (copy === null || copy.route.epoch < route.epoch);
}
