// The operations on API keys: create, list, revoke. The Worker checks the keys that requests bring (worker/security).
import type { CreatedKey, KeyList, KeySummary } from './api/keys.ts';
import { type ApiKey, generateKey, type KeyRequest } from './api-key.ts';
import type { ApiKeyStore, StoredKey } from './api-key-store.ts';
import { sha256Digest } from './digests.ts';
import { PopserveError } from './errors.ts';

export class ApiKeys {
  readonly #store: ApiKeyStore;
  readonly #now: () => Date;

  constructor(store: ApiKeyStore, now: () => Date) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * @returns the key's record and the key itself, which is given out only this once
   * @throws {PopserveError} CONFLICT when the random id is taken
   */
  async create(request: KeyRequest, actor: string): Promise<CreatedKey> {
    const { id, token } = generateKey();
    const key: ApiKey = {
      schema: 1,
      id,
      hash: (await sha256Digest(token)).slice('sha256:'.length),
      name: request.name,
      scopes: [...new Set(request.scopes)],
      models: request.models === null ? null : [...new Set(request.models)].sort(),
      createdAt: this.#now().toISOString(),
      createdBy: actor,
      expiresAt: request.expiresAt,
    };
    if (!(await this.#store.create(key))) throw new PopserveError('CONFLICT', `key ${id} exists already; repeat`);
    return { key: summarize({ key, revocation: null }), token };
  }

  /**
   * Lists a page of the keys in the order of their ids, the newest of the page first, revoked and expired ones too.
   * @param spend told how many operations of storage that has cost
   */
  async list(
    page: { after?: string; limit: number },
    spend: (operations: number) => void = () => undefined,
  ): Promise<KeyList> {
    const { keys: stored, damaged, next, reads } = await this.#store.list(page);
    spend(1 + reads);
    const keys = stored.map(summarize).sort((a, b) => b.createdAt.localeCompare(a.createdAt));
    return { keys, next, ...(damaged.length === 0 ? {} : { damaged }) };
  }

  /** @throws {PopserveError} NOT_FOUND when there is no such key */
  async get(id: string): Promise<KeySummary> {
    const stored = await this.#store.get(id);
    if (stored === null) throw new PopserveError('NOT_FOUND', `there is no key '${id}'`);
    return summarize(stored);
  }

  /**
   * Revoking twice changes nothing.
   * @throws {PopserveError} NOT_FOUND when there is no such key
   */
  async revoke(
    id: string,
    by: { actor: string; reason: string | null },
  ): Promise<{ key: KeySummary; revoked: boolean }> {
    await this.get(id);
    const at = this.#now().toISOString();
    const revoked = await this.#store.revoke(id, { schema: 1, at, by: by.actor, reason: by.reason });
    return { key: await this.get(id), revoked };
  }
}

function summarize({ key, revocation }: StoredKey): KeySummary {
  const { schema: _schema, hash: _hash, ...shown } = key;
  return {
    ...shown,
    revokedAt: revocation?.at ?? null,
    revokedBy: revocation?.by ?? null,
    revokedReason: revocation?.reason ?? null,
  };
}
