// A release in the order that leaves nothing half-visible: blobs, manifest, route. Repeating it at any point completes it.
import { differences } from '../../registry/canonical-json.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Progress, PublishedBlob } from '../publish/options.ts';
import type { RegistryClient } from './registry-client.ts';
import { sizeText } from './report.ts';

/**
 * Uploads the blobs that the registry lacks, then registers the version.
 * @returns how many blobs were uploaded, and whether the version is new
 */
export async function register(
  registry: RegistryClient,
  { manifest, blobs }: { manifest: Manifest; blobs: readonly PublishedBlob[] },
  progress: Progress,
): Promise<{ uploaded: number; created: boolean }> {
  let uploaded = 0;
  for (const [index, { digest, bytes }] of blobs.entries()) {
    if (await registry.hasBlob(digest)) continue;
    progress.step(`uploading ${sizeText(bytes.length)} (${index + 1} of ${blobs.length})`);
    await registry.putBlob(digest, bytes);
    uploaded++;
  }
  progress.step(`registering ${manifest.model} ${manifest.version}`);
  return { uploaded, created: await registry.putManifest(manifest) };
}

/** The refusal of a version that exists with other content; says in what the two differ. */
export function otherContent(existing: Manifest, fresh: Manifest): PopserveError {
  const paths = differences(existing, fresh)
    .map(({ path }) => path)
    // Members that differ between two runs of one release as well, which is no reason to refuse.
    .filter((path) => !/^(runtime\.profiles|notes|artifacts\.golden|limits\.\d+\.elements|costs)\b/.test(path));
  return versionTaken(existing, paths.length === 0 ? '' : ` (it differs in ${paths.slice(0, 5).join(', ')})`);
}

/** @param how in what the content differs, in brackets */
export function versionTaken({ model, version }: Pick<Manifest, 'model' | 'version'>, how: string): PopserveError {
  return new PopserveError(
    'CONFLICT',
    `version '${version}' of model '${model}' is published with other content${how}; versions never change, so choose another with --version`,
  );
}
