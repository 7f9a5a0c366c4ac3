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
  { blobs, manifests, now, isNeeded }: Registered,
  { dryRun, graceSeconds }: GarbageOptions,
): Promise<GarbageReport> {
  const stored = await Array.fromAsync(blobs.list());
  const youngest = now.getTime() - graceSeconds * 1000;
  // Retirements are listed before and after the versions, so that one which begins or ends meanwhile is in one of the three lists.
  const before = await manifests.listRetiring();
  const named = await namedBlobs(manifests);
  for (const retiring of [...before, ...(await manifests.listRetiring())]) {
    const mayComeBack = retiring.sinceAt.getTime() >= youngest || (await isNeeded(retiring));
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
  };
}

async function namedBlobs(manifests: ManifestStore): Promise<Set<Digest>> {
  const named = new Set<Digest>();
  for (const model of await manifests.listModels()) {
    for (const { blobs } of (await manifests.listVersions(model)).versions) {
      for (const digest of blobs) named.add(digest);
    }
  }
  return named;
}
