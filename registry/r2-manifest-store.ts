// Manifests in R2 under models/<model>/versions/<version>.json, and under retiring/<model>/<version>.json while they are retired.
// A tombstone takes the manifest's place under the same key, so that a retirement and a registration of one name cannot both succeed.
// The object's metadata repeats what a listing needs: a thousand versions are listed by one call and not by a thousand.
import type { R2Bucket, R2Object, R2PutOptions } from '@cloudflare/workers-types';
import * as z from 'zod';
import { canonicalJson } from './canonical-json.ts';
import { sha256Digest } from './digests.ts';
import { PopserveError } from './errors.ts';
import { type Manifest, manifestBlobs, manifestText, readManifest } from './manifest.ts';
import type {
  DamagedManifest,
  ManifestInfo,
  ManifestStore,
  RetiringManifest,
  Tombstone,
  VersionListing,
} from './manifest-store.ts';
import { type Digest, digestSchema } from './names.ts';
import { parse, parseJson } from './parse.ts';
import { createOnly, deleteObjects, listFolders, listObjects, putObject } from './r2-objects.ts';

const suffix = '.json';
const retiringFolder = 'retiring/';

const metadataSchema = z.object({
  digest: digestSchema,
  blobs: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(digestSchema)),
});

export const tombstoneSchema = z.strictObject({
  retired: z.strictObject({ digest: digestSchema, at: z.iso.datetime() }),
});

export type Tombstoned = z.infer<typeof tombstoneSchema>;

/** Any digest in a text. */
const anyDigest = /sha256:[0-9a-f]{64}/g;

/** No manifest begins like this, because its first member is `artifacts`. */
const tombstoneStart = '{"retired":';

export class R2ManifestStore implements ManifestStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async get(model: string, version: string): Promise<string | null> {
    const object = await this.#bucket.get(keyOf(model, version));
    const text = await object?.text();
    return text === undefined || text.startsWith(tombstoneStart) ? null : text;
  }

  async create(manifest: Manifest): Promise<boolean> {
    const { text, options } = await objectOf(manifest);
    const key = keyOf(manifest.model, manifest.version);
    // One write for each case: a second one to the same key would be refused.
    const standing = await this.#bucket.get(key);
    if (standing === null) return await createOnly(this.#bucket, key, text, options);
    const tombstone = readTombstone(key, await standing.text());
    if (tombstone?.digest !== (await sha256Digest(text))) return false;
    const onlyIf = { etagMatches: standing.etag };
    return (await putObject(this.#bucket, key, text, { ...options, onlyIf })) !== null;
  }

  async getTombstone(model: string, version: string): Promise<Tombstone | null> {
    const key = keyOf(model, version);
    const object = await this.#bucket.get(key);
    return object === null ? null : readTombstone(key, await object.text());
  }

  async retire(manifest: Manifest): Promise<void> {
    const { model, version } = manifest;
    const { text, options } = await objectOf(manifest);
    await putObject(this.#bucket, retiringKeyOf(model, version), text, options);
    const retired = { digest: await sha256Digest(text), at: new Date().toISOString() };
    const { body, customMetadata } = objectOfTombstone({ retired });
    await putObject(this.#bucket, keyOf(model, version), body, {
      httpMetadata: { contentType: 'application/json' },
      customMetadata,
    });
  }

  async listRetiring(): Promise<RetiringManifest[]> {
    const retiring: RetiringManifest[] = [];
    for await (const object of listObjects(this.#bucket, retiringFolder)) {
      const [model = '', file = ''] = object.key.slice(retiringFolder.length).split('/');
      const info = await this.#describe(model, file.slice(0, -suffix.length), object);
      if (info !== null && info !== 'retired') {
        retiring.push({ model, version: info.version, blobs: info.blobs, sinceAt: object.uploaded });
      }
    }
    return retiring;
  }

  async settleRetirement(model: string, version: string, { restore }: { restore: boolean }): Promise<void> {
    const key = retiringKeyOf(model, version);
    const kept = restore ? await this.#bucket.get(key) : null;
    if (kept !== null) await this.create(readManifest(await kept.text(), model, version));
    await deleteObjects(this.#bucket, [key]);
  }

  listModels(): Promise<string[]> {
    return listFolders(this.#bucket, 'models/');
  }

  async listVersions(model: string): Promise<VersionListing> {
    const listing: VersionListing = { versions: [], retired: [], damaged: [] };
    for await (const object of listObjects(this.#bucket, folderOf(model))) {
      const version = object.key.slice(folderOf(model).length, -suffix.length);
      const info = await this.#describe(model, version, object);
      if (info === 'retired') listing.retired.push(version);
      else if (info !== null && 'storedAt' in info) listing.versions.push(info);
      else if (info !== null) listing.damaged.push(info);
    }
    return listing;
  }

  async #describe(
    model: string,
    version: string,
    object: R2Object,
  ): Promise<ManifestInfo | DamagedManifest | 'retired' | null> {
    if (object.customMetadata?.retired !== undefined) return 'retired';
    const metadata = metadataSchema.safeParse(object.customMetadata);
    if (metadata.success) {
      const { digest, blobs } = metadata.data;
      return { version, digest: digest as Digest, blobs: blobs as Digest[], storedAt: object.uploaded };
    }
    // The bucket was copied with a tool that drops metadata. The manifest is read, so that its blobs do not look unnamed.
    const text = await (await this.#bucket.get(object.key))?.text();
    if (text === undefined) return null;
    if (text.startsWith(tombstoneStart)) return 'retired';
    const manifest = manifestOrNull(text, model, version);
    if (manifest === null) return { version, blobs: [...new Set(text.match(anyDigest))] as Digest[] };
    return {
      version,
      digest: await sha256Digest(text),
      blobs: manifestBlobs(manifest),
      storedAt: object.uploaded,
    };
  }
}

/** One damaged manifest must not hide the others. */
function manifestOrNull(text: string, model: string, version: string): Manifest | null {
  try {
    return readManifest(text, model, version);
  } catch (error) {
    if (error instanceof PopserveError) return null;
    throw error;
  }
}

/** The content of a manifest's object, and the metadata that lists tell. */
export async function objectOfManifest(
  manifest: Manifest,
): Promise<{ body: string; customMetadata: Record<string, string> }> {
  const body = manifestText(manifest);
  return { body, customMetadata: { digest: await sha256Digest(body), blobs: manifestBlobs(manifest).join(',') } };
}

/** The same for the tombstone that takes its place. */
export function objectOfTombstone(tombstone: Tombstoned): { body: string; customMetadata: Record<string, string> } {
  return { body: canonicalJson(tombstone), customMetadata: { retired: tombstone.retired.at } };
}

async function objectOf(manifest: Manifest): Promise<{ text: string; options: R2PutOptions }> {
  const { body, customMetadata } = await objectOfManifest(manifest);
  return { text: body, options: { httpMetadata: { contentType: 'application/json' }, customMetadata } };
}

/** @returns null if the text is a manifest */
function readTombstone(key: string, text: string): Tombstone | null {
  if (!text.startsWith(tombstoneStart)) return null;
  const { retired } = parse(tombstoneSchema, parseJson(text, key, 'INTERNAL'), key, 'INTERNAL');
  return { ...retired, digest: retired.digest as Digest };
}

function retiringKeyOf(model: string, version: string): string {
  return `${retiringFolder}${model}/${version}${suffix}`;
}

function folderOf(model: string): string {
  return `models/${model}/versions/`;
}

function keyOf(model: string, version: string): string {
  return folderOf(model) + version + suffix;
}
