// Manifests in R2 under models/<model>/versions/<version>.json. What a listing needs stands in the object's metadata as well,
// so that looking through a thousand versions is one call and not a thousand.
import type { R2Bucket, R2Object } from '@cloudflare/workers-types';
import * as z from 'zod';
import { sha256Digest } from './digests.ts';
import { type Manifest, manifestBlobs, manifestText, readManifest } from './manifest.ts';
import type { ManifestInfo, ManifestStore } from './manifest-store.ts';
import { type Digest, digestSchema } from './names.ts';
import { createOnly, listFolders, listObjects } from './r2-objects.ts';

const suffix = '.json';

const metadataSchema = z.object({
  digest: digestSchema,
  blobs: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(digestSchema)),
});

export class R2ManifestStore implements ManifestStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async get(model: string, version: string): Promise<string | null> {
    const object = await this.#bucket.get(keyOf(model, version));
    return object === null ? null : await object.text();
  }

  async create(manifest: Manifest): Promise<boolean> {
    const text = manifestText(manifest);
    return createOnly(this.#bucket, keyOf(manifest.model, manifest.version), text, {
      httpMetadata: { contentType: 'application/json' },
      customMetadata: { digest: await sha256Digest(text), blobs: manifestBlobs(manifest).join(',') },
    });
  }

  async delete(model: string, version: string): Promise<void> {
    await this.#bucket.delete(keyOf(model, version));
  }

  listModels(): Promise<string[]> {
    return listFolders(this.#bucket, 'models/');
  }

  async listVersions(model: string): Promise<ManifestInfo[]> {
    const infos: ManifestInfo[] = [];
    for await (const object of listObjects(this.#bucket, folderOf(model))) {
      const info = await this.#describe(model, object);
      if (info !== null) infos.push(info);
    }
    return infos;
  }

  async #describe(model: string, object: R2Object): Promise<ManifestInfo | null> {
    const version = object.key.slice(folderOf(model).length, -suffix.length);
    const metadata = metadataSchema.safeParse(object.customMetadata);
    if (metadata.success) {
      const { digest, blobs } = metadata.data;
      return { version, digest: digest as Digest, blobs: blobs as Digest[], storedAt: object.uploaded };
    }
    // A bucket copied with a tool that drops metadata: the manifest itself is the truth, and its blobs must not look unnamed.
    const text = await this.get(model, version);
    if (text === null) return null;
    const manifest = readManifest(text, model, version);
    return {
      version,
      digest: await sha256Digest(text),
      blobs: manifestBlobs(manifest),
      storedAt: object.uploaded,
    };
  }
}

function folderOf(model: string): string {
  return `models/${model}/versions/`;
}

function keyOf(model: string, version: string): string {
  return folderOf(model) + version + suffix;
}
