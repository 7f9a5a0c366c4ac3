// API keys in R2: keys/<id>/key.json and keys/<id>/revoked.json, both create-only. R2 is strongly consistent, so every read after a
// revocation sees it.
import type { R2Bucket } from '@cloudflare/workers-types';
import type * as z from 'zod';
import { type ApiKey, apiKeySchema, type Revocation, revocationSchema } from './api-key.ts';
import type { ApiKeyStore, StoredKey } from './api-key-store.ts';
import { canonicalJson } from './canonical-json.ts';
import { parse, parseJson } from './parse.ts';
import { createOnly, listFolders } from './r2-objects.ts';

const prefix = 'keys/';
const json = { httpMetadata: { contentType: 'application/json' } };

export class R2ApiKeyStore implements ApiKeyStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
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

  async list(): Promise<StoredKey[]> {
    const stored: StoredKey[] = [];
    // Read one after another, because a Worker has only six connections at a time.
    for (const id of await listFolders(this.#bucket, prefix)) {
      const key = await this.get(id);
      if (key !== null) stored.push(key);
    }
    return stored;
  }

  async #read<S extends z.ZodType>(key: string, schema: S): Promise<z.output<S> | null> {
    const object = await this.#bucket.get(key);
    return object === null ? null : parse(schema, parseJson(await object.text(), key, 'INTERNAL'), key, 'INTERNAL');
  }
}
