// Retiring a version. A release that looked at the manifest before may route the version all the same; then the version comes back.
// The manifest is kept aside until no such release can be under way any more: whichever of the two ends half-way, at whatever step,
// no route loses its manifest.
import type { Manifest } from './manifest.ts';
import type { ManifestStore, RetiringManifest } from './manifest-store.ts';
import { type Pause, writePatiently } from './write-rate.ts';

/** No release takes longer from reading a manifest to writing its route. */
export const settledAfterMs = 600_000;

export interface RetirementsReport {
  /** Versions that were retired although they are routed or can be rolled back to. */
  restored: { model: string; version: string }[];
  /** Models that could not be read or mended this time, and why. */
  failed: { model: string; error: string }[];
}

/**
 * @param requireUnrouted throws while the version is routed or can be rolled back to
 * @throws {unknown} what `requireUnrouted` throws; then the version is not retired
 */
export async function retireVersion(
  manifests: ManifestStore,
  manifest: Manifest,
  requireUnrouted: () => Promise<void>,
  pause: Pause,
): Promise<void> {
  await requireUnrouted();
  await writePatiently(pause, () => manifests.retire(manifest));
  try {
    await requireUnrouted();
  } catch (error) {
    // A release routed the version between the two looks, so it stays. appendRoute guards the same moment from its side.
    const { model, version } = manifest;
    await writePatiently(pause, () => manifests.settleRetirement(model, version, { restore: true }));
    throw error;
  }
}

/**
 * Ends the retirements that are older than `ageMs`: versions that are needed come back, the others are gone.
 * @param options.isNeeded whether the version is routed or can be rolled back to
 */
export async function settleRetirements(
  manifests: Pick<ManifestStore, 'listRetiring' | 'settleRetirement'>,
  {
    now,
    ageMs,
    isNeeded,
    pause,
  }: { now: Date; ageMs: number; isNeeded: (retiring: RetiringManifest) => Promise<boolean>; pause: Pause },
): Promise<RetirementsReport> {
  const report: RetirementsReport = { restored: [], failed: [] };
  for (const retiring of await manifests.listRetiring()) {
    if (now.getTime() - retiring.sinceAt.getTime() < ageMs) continue;
    const { model, version } = retiring;
    try {
      const restore = await isNeeded(retiring);
      await writePatiently(pause, () => manifests.settleRetirement(model, version, { restore }));
      if (restore) report.restored.push({ model, version });
    } catch (error) {
      report.failed.push({ model, error: String(error) });
    }
  }
  return report;
}
