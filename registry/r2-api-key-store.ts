// API keys in R2: keys/<id>/key.json and keys/<id>/revoked.json, both create-only. R2 is strongly consistent, so every read after a
// revocation sees it.
import type { R2Bucket } from '@cloudflare/workers-types';
import type * as z from 'zod';
import { type ApiKey, apiKeySchema, type Revocation, revocationSchema } from './api-key.ts';
import type { ApiKeyStore, KeyPage, StoredKey } from './api-key-store.ts';
import { canonicalJson } from './canonical-json.ts';
import { PopserveError } from './errors.ts';
import { parse, parseJson } from './parse.ts';
import { createOnly } from './r2-objects.ts';
import { RememberedObjects } from './remembered-objects.ts';

const prefix = 'keys/';
const json = { httpMetadata: { contentType: 'application/json' } };

export class R2ApiKeyStore implements ApiKeyStore {
  readonly #bucket: R2Bucket;
  readonly #remembered: RememberedObjects;

  constructor(bucket: R2Bucket, remembered = new RememberedObjects(bucket)) {
    this.#bucket = bucket;
    this.#remembered = remembered;
  }

  create(key: ApiKey): Promise<boolean> {
    return createOnly(this.#bucket, `${prefix}${key.id}/key.json`, canonicalJson(key), json);
  }

  async get(id: string): Promise<StoredKey | null> {
    const [key, revocation] = await Promise.all([
      this.#read(`${prefix}${id}/key.json`, apiKeySchema),
      this.#read(`${prefix}${id}/revoked.json`, revocationSchema),
    ]);
    return key === null ? null : { key, revocation };
  }

  revoke(id: string, revocation: Revocation): Promise<boolean> {
    return createOnly(this.#bucket, `${prefix}${id}/revoked.json`, canonicalJson(revocation), json);
  }

  async list({ after, limit }: { after?: string; limit: number }): Promise<KeyPage> {
    const listed = await this.#bucket.list({
      prefix,
      // Two objects for each key, and one more: the last key of the page is whole.
      limit: 2 * limit + 1,
      ...(after === undefined ? {} : { startAfter: `${prefix}${after}/~` }),
    });
    const ids = [...new Set(listed.objects.map(({ key }) => idOf(key)))];
    const page = new Set(ids.slice(0, limit));
    const objects = listed.objects.filter(({ key }) => page.has(idOf(key)));
    let reads = 0;
    const texts = await this.#remembered.readAll(objects, (count) => {
      reads = count;
    });
    const byKey = new Map(objects.map(({ key }, index) => [key, texts[index] ?? null]));
    const keys: StoredKey[] = [];
    const damaged: string[] = [];
    for (const id of page) {
      const stored = readable(() => storedOf(id, byKey));
      if (stored === 'damaged') damaged.push(id);
      else if (stored !== null) keys.push(stored);
    }
    const next = listed.truncated || ids.length > limit ? (ids[limit - 1] ?? null) : null;
    return { keys, damaged, next, reads };
  }

  async #read<S extends z.ZodType>(key: string, schema: S): Promise<z.output<S> | null> {
    const object = await this.#bucket.get(key);
    return object === null ? null : recordOf(schema, key, await object.text());
  }
}

/** @throws {PopserveError} INTERNAL for what is no such record */
function recordOf<S extends z.ZodType>(schema: S, key: string, text: string): z.output<S> {
  return parse(schema, parseJson(text, key, 'INTERNAL'), key, 'INTERNAL');
}

function storedOf(id: string, texts: ReadonlyMap<string, string | null>): StoredKey | null {
  const [key, revocation] = [`${prefix}${id}/key.json`, `${prefix}${id}/revoked.json`];
  const [record, end] = [texts.get(key) ?? null, texts.get(revocation) ?? null];
  if (record === null) return null;
  return {
    key: recordOf(apiKeySchema, key, record),
    revocation: end === null ? null : recordOf(revocationSchema, revocation, end),
  };
}

function readable<T>(read: () => T): T | 'damaged' {
  try {
    return read();
  } catch (error) {
    if (error instanceof PopserveError) return 'damaged';
    throw error;
  }
}

function idOf(key: string): string {
  return key.slice(prefix.length, key.indexOf('/', prefix.length));
}
