// Operations of the stores on R2 beyond its own API: create without ever replacing, and list to the end.
import type { R2Bucket, R2Object, R2PutOptions } from '@cloudflare/workers-types';
import type { BlobBody } from './blob-store.ts';

/**
 * Puts an object that must not be there yet. Of any number of racing calls exactly one returns true.
 * @see https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#conditional-operations
 */
export async function createOnly(
  bucket: R2Bucket,
  key: string,
  body: BlobBody | string,
  options: R2PutOptions = {},
): Promise<boolean> {
  return (await bucket.put(key, body, { ...options, onlyIf: { etagDoesNotMatch: '*' } })) !== null;
}

/** Every object under a prefix, in the order of the keys, with its custom metadata. */
export async function* listObjects(bucket: R2Bucket, prefix: string): AsyncIterable<R2Object> {
  let cursor: string | undefined;
  do {
    const page = await bucket.list({
      prefix,
      include: ['customMetadata'],
      ...(cursor === undefined ? {} : { cursor }),
    });
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
