// The objects of the registry as they are stored, for backups: listed, read, and put back where they are missing. Nothing is replaced.
import type { R2Bucket, R2Object } from '@cloudflare/workers-types';
import type { ObjectPage } from './api/objects.ts';
import { sha256Digest } from './digests.ts';
import { PopserveError } from './errors.ts';
import { attemptText, checkContent } from './object-content.ts';
import { type ObjectKey, readObjectKey } from './object-key.ts';
import { createOnly } from './r2-objects.ts';

export class ObjectArchive {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  /**
   * Lists objects in the order of their keys. Objects that no store of the registry has made are left out, so a page may be short.
   * @param page.after the `next` of the page before
   */
  async list({ after, limit }: { after?: string | undefined; limit: number }): Promise<ObjectPage> {
    const listed = await this.#bucket.list({
      limit,
      include: ['customMetadata'],
      ...(after === undefined ? {} : { startAfter: after }),
    });
    const objects: ObjectPage['objects'] = [];
    for (const object of listed.objects) {
      const about = readObjectKey(object.key);
      if (about === null) continue;
      const storedAt = object.uploaded.toISOString();
      objects.push({ key: object.key, storedAt, ...(await describe(about, object)) });
    }
    const last = listed.objects.at(-1)?.key;
    return { objects, next: listed.truncated && last !== undefined ? last : null };
  }

  /**
   * @returns the content of an object that is not a blob
   * @throws {PopserveError} INVALID_ARGUMENT for a key that the registry does not use; NOT_FOUND when the object is not there
   */
  async read(key: string): Promise<string> {
    const about = requireDocument(key);
    const text = await this.#find(key, about);
    if (text === null) throw new PopserveError('NOT_FOUND', `there is no object '${key}'`);
    return text;
  }

  /**
   * Puts an object back that is missing.
   * @returns false if it is there with the same content
   * @throws {PopserveError} INVALID_ARGUMENT for a key that the registry does not use; UNPROCESSABLE for content that does not belong
   *   under it; CONFLICT when it is there with other content
   */
  async restore(key: string, text: string): Promise<boolean> {
    const about = requireDocument(key);
    const { body, customMetadata } = await checkContent(key, about, text);
    const created = await createOnly(this.#bucket, key, body, {
      ...(body === '' ? {} : { httpMetadata: { contentType: 'application/json' } }),
      ...(customMetadata === undefined ? {} : { customMetadata }),
    });
    if (created) return true;
    const standing = await this.#find(key, about);
    if (standing === text) return false;
    const held = standing === null ? 'nothing' : await sha256Digest(standing);
    throw new PopserveError(
      'CONFLICT',
      `${key} is there with other content: ${held}, sent ${await sha256Digest(text)}`,
    );
  }

  async #find(key: string, { kind }: ObjectKey): Promise<string | null> {
    const object = await this.#bucket.get(key);
    if (object === null) return null;
    return kind === 'attempt' ? attemptText(object.customMetadata) : await object.text();
  }
}

function requireDocument(key: string): ObjectKey {
  const about = readObjectKey(key);
  if (about === null)
    throw new PopserveError('INVALID_ARGUMENT', `'${key.slice(0, 200)}' is not a key of the registry`);
  if (about.kind !== 'blob') return about;
  throw new PopserveError(
    'INVALID_ARGUMENT',
    `${key}: a blob is read and stored under /registry/blobs/sha256:${about.hex}`,
  );
}

/** The tag changes with the content. The object of an attempt is empty, so its own would not. */
async function describe({ kind }: ObjectKey, object: R2Object): Promise<{ bytes: number; etag: string }> {
  if (kind !== 'attempt') return { bytes: object.size, etag: object.etag };
  const text = attemptText(object.customMetadata);
  return { bytes: new TextEncoder().encode(text).length, etag: await sha256Digest(text) };
}
