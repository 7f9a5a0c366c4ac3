// Registering a version: a manifest is stored once, if it is valid and all its blobs are there. It never changes afterwards.
import type { BlobStore } from './blob-store.ts';
import { differences } from './canonical-json.ts';
import { PopserveError } from './errors.ts';
import {
  type Manifest,
  manifestBlobs,
  manifestDigest,
  manifestSchema,
  manifestText,
  readManifest,
} from './manifest.ts';
import { blobFaults, nameFaults } from './manifest-faults.ts';
import type { ManifestStore } from './manifest-store.ts';
import type { Digest } from './names.ts';
import { check, tellFaults } from './parse.ts';

/** A conflict names at most this many members that differ. */
const mostNamed = 8;

/**
 * @param body the manifest as parsed JSON
 * @param uploader who may name only blobs that it has sent, or that a version of the model names; null for everybody else
 * @returns whether it was stored, and the digest of its canonical JSON
 * @throws {PopserveError} UNPROCESSABLE when the manifest is not valid, naming every fault; CONFLICT when the version has other content,
 *   had other content before it was retired, or was deleted at the same time; PERMISSION_DENIED for a blob of another model
 */
export async function registerManifest(
  { blobs, manifests }: { blobs: BlobStore; manifests: ManifestStore },
  model: string,
  version: string,
  body: unknown,
  uploader: string | null = null,
): Promise<{ created: boolean; digest: Digest }> {
  const manifest = checkManifest(model, version, body);
  const digest = await manifestDigest(manifest);
  const stored = await manifests.get(model, version);
  if (stored !== null) requireSame(manifest, stored);
  else if (uploader !== null) await requireOwnBlobs(manifest, uploader, { blobs, manifests });
  const faults = await blobFaults(manifest, blobs);
  if (faults.length > 0) throw manifestError(model, version, faults);
  if (stored !== null) return { created: false, digest };
  if (await manifests.create(manifest)) return { created: true, digest };
  const winner = await manifests.get(model, version);
  const tombstone = winner === null ? await manifests.getTombstone(model, version) : null;
  if (tombstone !== null && tombstone.digest !== digest) {
    throw new PopserveError(
      'CONFLICT',
      `model '${model}': version '${version}' was retired at ${tombstone.at} and had other content (manifest ${tombstone.digest}, sent ${digest}); publish it as another version`,
    );
  }
  if (winner === null) {
    throw new PopserveError('CONFLICT', `model '${model}': version '${version}' was deleted at the same time; repeat`);
  }
  requireSame(manifest, winner);
  return { created: false, digest };
}

function checkManifest(model: string, version: string, body: unknown): Manifest {
  const checked = check(manifestSchema, body);
  if ('faults' in checked) throw manifestError(model, version, checked.faults);
  const manifest = checked.data;
  const faults = nameFaults(manifest);
  if (manifest.model !== model) faults.push(`model: expected '${model}' as in the URL, got '${manifest.model}'`);
  if (manifest.version !== version) {
    faults.push(`version: expected '${version}' as in the URL, got '${manifest.version}'`);
  }
  if (faults.length > 0) throw manifestError(model, version, faults);
  return manifest;
}

/** A digest is no secret, every answer shows it: whoever names a blob in a manifest could read another model's weights through it. */
async function requireOwnBlobs(
  manifest: Manifest,
  uploader: string,
  { blobs, manifests }: { blobs: BlobStore; manifests: ManifestStore },
): Promise<void> {
  const { model } = manifest;
  const named = manifestBlobs(manifest);
  const sent = await Promise.all(named.map((digest) => blobs.isUploadedBy(digest, uploader)));
  const others = named.filter((_, index) => !sent[index]);
  if (others.length === 0) return;
  const { versions } = await manifests.listVersions(model);
  const known = new Set(versions.flatMap((version) => version.blobs));
  const foreign = others.filter((digest) => !known.has(digest));
  if (foreign.length === 0) return;
  throw new PopserveError(
    'PERMISSION_DENIED',
    `this key may name only blobs that it has uploaded itself or that a version of model '${model}' names, not ${foreign.join(', ')}; upload them first`,
  );
}

function requireSame(manifest: Manifest, stored: string): void {
  const { model, version } = manifest;
  if (stored === manifestText(manifest)) return;
  const members = differences(readManifest(stored, model, version), manifest).map(
    ({ path, left, right }) => `${path} (${excerpt(left)} stored, ${excerpt(right)} sent)`,
  );
  const more = members.length > mostNamed ? ` and ${members.length - mostNamed} more` : '';
  throw new PopserveError(
    'CONFLICT',
    `model '${model}': version '${version}' exists with other content: ${members.slice(0, mostNamed).join(', ')}${more}; publish it as another version`,
  );
}

function excerpt(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function manifestError(model: string, version: string, faults: readonly string[]): PopserveError {
  return new PopserveError('UNPROCESSABLE', `manifest of ${model} version ${version}: ${tellFaults(faults)}`);
}
