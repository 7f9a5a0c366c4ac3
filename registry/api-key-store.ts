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
  /** In the order of the ids. */
  list(): Promise<StoredKey[]>;
}
