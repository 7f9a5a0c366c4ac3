// A version from one registry to another: the same blobs, the same manifest. Repeating it at any point completes it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PopserveError } from '../../registry/errors.ts';
import { type Manifest, manifestBlobs } from '../../registry/manifest.ts';
import type { Digest } from '../../registry/names.ts';

/** The calls of a registry that are read from. */
export interface CopySource {
  getExactManifest(model: string, version: string): Promise<{ manifest: Manifest; digest: Digest }>;
  downloadBlob(digest: Digest, file: string): Promise<void>;
}

/** The calls of a registry that is written to. */
export interface CopyTarget {
  getExactManifest(model: string, version: string): Promise<{ manifest: Manifest; digest: Digest }>;
  hasBlob(digest: Digest): Promise<boolean>;
  uploadBlob(digest: Digest, file: string): Promise<void>;
  putManifest(manifest: Manifest): Promise<boolean>;
}

export interface VersionCopy {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest's canonical JSON, which is the same at both places. */
  readonly digest: Digest;
  /** How many blobs were missing at the target. */
  readonly sentBlobs: number;
  /** False: the same version was registered there already. */
  readonly created: boolean;
}

/**
 * Blobs first, then the manifest, which the target takes only if all its blobs are there.
 * @param tell what is done now
 * @throws {PopserveError} NOT_FOUND at the source; CONFLICT where the target has the version with other content
 */
export async function copyVersion(
  source: CopySource,
  target: CopyTarget,
  { model, version }: { model: string; version: string },
  tell: (step: string) => void,
): Promise<VersionCopy> {
  const { manifest, digest } = await source.getExactManifest(model, version);
  let sentBlobs = 0;
  for (const blob of manifestBlobs(manifest)) {
    if (await target.hasBlob(blob)) continue;
    await sendBlob(source, target, blob, tell);
    sentBlobs += 1;
  }
  tell(`registering ${model} ${version}`);
  const created = await target.putManifest(manifest);
  const there = await target.getExactManifest(model, version);
  if (there.digest !== digest) {
    throw new PopserveError(
      'CONFLICT',
      `${model} ${version} is ${digest} at the source and ${there.digest} at the target`,
    );
  }
  return { manifest, digest, sentBlobs, created };
}

/** By way of a file: a blob may be larger than is wise to hold in memory, and an upload that is repeated begins anew. */
async function sendBlob(
  source: CopySource,
  target: CopyTarget,
  digest: Digest,
  tell: (step: string) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'popserve-copy-'));
  try {
    const file = join(folder, 'blob');
    tell(`fetching ${digest}`);
    await source.downloadBlob(digest, file);
    tell(`sending ${digest}`);
    await target.uploadBlob(digest, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
