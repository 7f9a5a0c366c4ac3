// Retiring a version. A release that has looked at the manifest may route the version all the same: then it comes back. The
// manifest is kept aside until no such release can be under way any more, so that no process that ends half-way, at any step of
// the one or the other, takes it from a route.
import type { Manifest } from './manifest.ts';
import type { ManifestStore, RetiringManifest } from './manifest-store.ts';

/** No release takes longer from its look at a manifest to its route. */
export const settledAfterMs = 600_000;

export interface RetirementsReport {
  /** What had been retired although it is routed, or can be rolled back to. */
  restored: { model: string; version: string }[];
  /** Models that could not be looked at or mended this time, and why. */
  failed: { model: string; error: string }[];
}

/** @param requireUnrouted throws while the version is routed, or one can roll back to it */
export async function retireVersion(
  manifests: ManifestStore,
  manifest: Manifest,
  requireUnrouted: () => Promise<void>,
): Promise<void> {
  await requireUnrouted();
  await manifests.retire(manifest);
  try {
    await requireUnrouted();
  } catch (error) {
    // A release routed the version between the two looks: it stays. appendRoute looks from the other side.
    await manifests.settleRetirement(manifest.model, manifest.version, { restore: true });
    throw error;
  }
}

/**
 * Ends the retirements that were begun longer ago than `ageMs`: what is needed comes back, the rest is gone.
 * @param isNeeded whether the version is routed, or one can roll back to it
 */
export async function settleRetirements(
  manifests: ManifestStore,
  now: Date,
  ageMs: number,
  isNeeded: (retiring: RetiringManifest) => Promise<boolean>,
): Promise<RetirementsReport> {
  const report: RetirementsReport = { restored: [], failed: [] };
  for (const retiring of await manifests.listRetiring()) {
    if (now.getTime() - retiring.sinceAt.getTime() < ageMs) continue;
    const { model, version } = retiring;
    try {
      const restore = await isNeeded(retiring);
      await manifests.settleRetirement(model, version, { restore });
      if (restore) report.restored.push({ model, version });
    } catch (error) {
      report.failed.push({ model, error: String(error) });
    }
  }
  return report;
}
