// Operations of the stores on R2 beyond its own API: create without ever replacing, list to the end, and writes that tell when they
// were refused because their key was written just now.
import type { R2Bucket, R2ListOptions, R2Object, R2PutOptions } from '@cloudflare/workers-types';
import type { BlobBody } from './blob-store.ts';
import { isWriteRefused, writeOnce } from './write-rate.ts';

/**
 * Puts an object that must not be there yet. Of any number of racing calls at most one returns true.
 * @throws {PopserveError} RATE_LIMITED when the key was written less than a second ago, and holds nothing now
 * @see https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#conditional-operations
 */
export async function createOnly(
  bucket: R2Bucket,
  key: string,
  body: BlobBody | string,
  options: R2PutOptions = {},
): Promise<boolean> {
  try {
    return (await putObject(bucket, key, body, { ...options, onlyIf: { etagDoesNotMatch: '*' } })) !== null;
  } catch (error) {
    // Whoever wrote it just now has decided: the object is there, so this call would not have created it a second later either.
    if (isWriteRefused(error) && (await bucket.head(key)) !== null) return false;
    throw error;
  }
}

/**
 * Puts an object, or replaces it.
 * @returns null when the condition in the options does not hold
 * @throws {PopserveError} RATE_LIMITED when the key was written less than a second ago
 */
export async function putObject(
  bucket: R2Bucket,
  key: string,
  body: BlobBody | string,
  options: R2PutOptions = {},
): Promise<R2Object | null> {
  return await writeOnce(key, () => bucket.put(key, body, options));
}

/** @throws {PopserveError} RATE_LIMITED when one of the keys was written less than a second ago */
export async function deleteObjects(bucket: R2Bucket, keys: string[]): Promise<void> {
  await writeOnce(keys.join(', '), () => bucket.delete(keys));
}

/** Every object under a prefix, in the order of the keys, with its custom metadata. */
export function listObjects(bucket: R2Bucket, prefix: string): AsyncIterable<R2Object> {
  return listPages(bucket, { prefix, include: ['customMetadata'] });
}

/** The same without metadata: R2 tells of more objects at once then. */
export function listKeys(bucket: R2Bucket, prefix: string): AsyncIterable<R2Object> {
  return listPages(bucket, { prefix });
}

async function* listPages(bucket: R2Bucket, options: R2ListOptions): AsyncIterable<R2Object> {
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ ...options, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.objects;
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

/** The folders directly under a prefix, without the prefix and the slash, in the order of the keys. */
export async function listFolders(bucket: R2Bucket, prefix: string): Promise<string[]> {
  const folders = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, delimiter: '/', ...(cursor === undefined ? {} : { cursor }) });
    for (const folder of page.delimitedPrefixes) folders.add(folder.slice(prefix.length, -1));
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return [...folders];
}
