// Garbage collection of blobs that no manifest names. Young blobs stay: they may belong to a release that is still under way.
import type { GarbageReport } from './api/garbage.ts';
import type { BlobStore } from './blob-store.ts';
import type { ManifestStore, RetiringManifest } from './manifest-store.ts';
import type { Digest } from './names.ts';

interface Registered {
  blobs: BlobStore;
  manifests: ManifestStore;
  now: Date;
  /** Whether a retired version is routed, or can be rolled back to. */
  isNeeded: (retiring: RetiringManifest) => Promise<boolean>;
  /** Told how many operations of storage the collection has cost, as far as they do not grow with what is removed. */
  spend?: ((operations: number) => void) | undefined;
}

export interface GarbageOptions {
  /** Reports what would be removed, and removes nothing. */
  dryRun: boolean;
  /** Blobs younger than this stay. */
  graceSeconds: number;
}

/**
 * Removes the blobs that no manifest names and that are older than the grace period. A version that was retired within the
 * grace period still counts: a release that saw it before may route it yet.
 *
 * The blobs are listed first and the manifests last, right before the removal. A manifest that is stored in that last moment
 * and reuses an old, unnamed blob can still lose it. Then its version fails to load, the old version goes on serving, and
 * publishing again uploads the missing blob.
 */
export async function collectGarbage(
  { blobs, manifests, now, isNeeded, spend }: Registered,
  { dryRun, graceSeconds }: GarbageOptions,
): Promise<GarbageReport> {
  const stored = await Array.fromAsync(blobs.list());
  const youngest = now.getTime() - graceSeconds * 1000;
  // Retirements are listed before and after the versions, so that one which begins or ends meanwhile is in one of the three lists.
  const before = await manifests.listRetiring();
  const { named, damaged, models } = await namedBlobs(manifests);
  // A list of the blobs, one of the models, one of each model's versions, two of what is being retired.
  spend?.(models + 4);
  for (const retiring of [...before, ...(await manifests.listRetiring())]) {
    // Where the model's routes cannot be read, nobody can tell: its blobs stay.
    const mayComeBack = retiring.sinceAt.getTime() >= youngest || (await isNeeded(retiring).catch(() => true));
    if (mayComeBack) for (const digest of retiring.blobs) named.add(digest);
  }
  const unnamed = stored.filter(({ digest }) => !named.has(digest));
  const garbage = unnamed.filter(({ storedAt }) => storedAt.getTime() < youngest);
  if (!dryRun) await blobs.delete(garbage.map(({ digest }) => digest));
  return {
    dryRun,
    blobs: garbage.map(({ digest, bytes }) => ({ digest, bytes })),
    bytes: garbage.reduce((sum, { bytes }) => sum + bytes, 0),
    youngBlobs: unnamed.length - garbage.length,
    namedBlobs: stored.length - unnamed.length,
    ...(damaged.length === 0 ? {} : { damaged }),
  };
}

/** @returns the blobs that manifests name, and the versions whose manifest could not be read */
async function namedBlobs(
  manifests: ManifestStore,
): Promise<{ named: Set<Digest>; damaged: { model: string; version: string }[]; models: number }> {
  const named = new Set<Digest>();
  const unread: { model: string; version: string }[] = [];
  const models = await manifests.listModels();
  for (const model of models) {
    const { versions, damaged } = await manifests.listVersions(model);
    for (const { blobs } of [...versions, ...damaged]) {
      for (const digest of blobs) named.add(digest);
    }
    for (const { version } of damaged) unread.push({ model, version });
  }
  return { named, damaged: unread, models: models.length };
}
