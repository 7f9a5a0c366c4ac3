// Blobs in R2 under blobs/sha256/<hex>. R2 itself compares the bytes with the checksum before the object becomes visible. Who has sent
// a blob is kept beside it, in empty objects under uploads/<hex>/<hash of the uploader>.
import type { R2Bucket, R2Object } from '@cloudflare/workers-types';
import type { Blob, BlobBody, BlobInfo, BlobStore, ByteRange } from './blob-store.ts';
import { digestHex, sha256Digest } from './digests.ts';
import { PopserveError } from './errors.ts';
import { type Digest, digestSchema } from './names.ts';
import { createOnly, deleteObjects, listObjects, putObject } from './r2-objects.ts';

const prefix = 'blobs/sha256/';

/** R2's error code for a body that does not match its checksum. The message ends with it, in miniflare as in production. */
const checksumMismatch = '(10037)';

/** R2 deletes at most this many keys in one call. */
const deletedAtOnce = 1000;

export class R2BlobStore implements BlobStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async head(digest: Digest): Promise<BlobInfo | null> {
    const object = await this.#bucket.head(keyOf(digest));
    return object === null ? null : infoOf(digest, object);
  }

  async create(digest: Digest, body: BlobBody): Promise<boolean> {
    return await checked(digest, createOnly(this.#bucket, keyOf(digest), body, { sha256: digestHex(digest) }));
  }

  async confirm(digest: Digest, body: BlobBody): Promise<void> {
    await checked(digest, putObject(this.#bucket, keyOf(digest), body, { sha256: digestHex(digest) }));
  }

  async addUploader(digest: Digest, uploader: string): Promise<void> {
    await createOnly(this.#bucket, await uploadKeyOf(digest, uploader), '');
  }

  async isUploadedBy(digest: Digest, uploader: string): Promise<boolean> {
    return (await this.#bucket.head(await uploadKeyOf(digest, uploader))) !== null;
  }

  async get(digest: Digest, range?: ByteRange): Promise<Blob | null> {
    const object = await this.#bucket.get(keyOf(digest), range === undefined ? {} : { range });
    return object === null ? null : { ...infoOf(digest, object), body: object.body };
  }

  async *list(): AsyncIterable<BlobInfo> {
    for await (const object of listObjects(this.#bucket, prefix)) {
      const digest = digestSchema.safeParse(`sha256:${object.key.slice(prefix.length)}`);
      if (digest.success) yield infoOf(digest.data as Digest, object);
    }
  }

  async delete(digests: readonly Digest[]): Promise<void> {
    for (let start = 0; start < digests.length; start += deletedAtOnce) {
      await deleteObjects(this.#bucket, digests.slice(start, start + deletedAtOnce).map(keyOf));
    }
  }
}

async function checked<T>(digest: Digest, storing: Promise<T>): Promise<T> {
  try {
    return await storing;
  } catch (cause) {
    if (!String(cause).includes(checksumMismatch)) throw cause;
    throw new PopserveError('UNPROCESSABLE', `expected bytes with the digest ${digest}, got others; not stored`, {
      cause,
    });
  }
}

/** The subject of a token may be longer than a key allows, and have any characters. */
async function uploadKeyOf(digest: Digest, uploader: string): Promise<string> {
  return `uploads/${digestHex(digest)}/${digestHex(await sha256Digest(uploader))}`;
}

function keyOf(digest: Digest): string {
  return prefix + digestHex(digest);
}

function infoOf(digest: Digest, object: R2Object): BlobInfo {
  return { digest, bytes: object.size, storedAt: object.uploaded };
}
