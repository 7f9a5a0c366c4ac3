// The store of API keys. It replaces nothing: a key is one object, its revocation another.
import type { ApiKey, Revocation } from './api-key.ts';

export interface StoredKey {
  readonly key: ApiKey;
  /** Null while it is valid. */
  readonly revocation: Revocation | null;
}

export interface ApiKeyStore {
  /** @returns false if the id is taken */
  create(key: ApiKey): Promise<boolean>;
  get(id: string): Promise<StoredKey | null>;
  /** @returns false if it was revoked before */
  revoke(id: string, revocation: Revocation): Promise<boolean>;
  /** A page in the order of the ids. A record that cannot be read does not hide the others. */
  list(page: { after?: string; limit: number }): Promise<KeyPage>;
}

export interface KeyPage {
  readonly keys: StoredKey[];
  /** Ids whose record cannot be read. */
  readonly damaged: string[];
  /** The last id of the page, if there are more. */
  readonly next: string | null;
  /** Reads of single objects that it took. */
  readonly reads: number;
}
