// The API keys that an isolate has seen. A key is checked against R2 once and then from memory for a bounded time.
import { type ApiKey, keyIdOf } from '../../registry/api-key.ts';
import type { ApiKeyStore, StoredKey } from '../../registry/api-key-store.ts';
import { BoundedMap } from '../../registry/bounded-map.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Caller } from './caller.ts';
import { sameBytes } from './constant-time.ts';

interface Entry {
  readonly key: ApiKey;
  readonly revoked: boolean;
  /** The token that was presented and whose hash was right. */
  readonly token: Uint8Array;
  readonly expiresMs: number;
  readonly caller: Caller;
  /** When storage was asked, not when it answered: the bound on how long a revocation takes counts from here. */
  readonly readAtMs: number;
  refreshing: boolean;
}

const mostEntries = 1000;
const encoder = new TextEncoder();

export class KeyCache {
  readonly #store: ApiKeyStore;
  readonly #cacheMs: number;
  readonly #now: () => number;
  /** Keyed by key id, the one that was checked longest ago first. Only keys whose secret was right are in it. */
  readonly #entries = new BoundedMap<string, Entry>(mostEntries);

  /** @param cacheSeconds the time after which every isolate has seen a revocation, at the latest */
  constructor(options: { store: ApiKeyStore; cacheSeconds: number; now?: () => number }) {
    this.#store = options.store;
    this.#cacheMs = options.cacheSeconds * 1000;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Answers without a promise for a key that is in memory. After half of its time the key is read again behind the request.
   * @param beforeReading awaited before storage is asked about a key that was not right here before
   * @throws {PopserveError} UNAUTHENTICATED when the key is unknown, wrong, revoked or expired
   * @throws {PopserveError} UNAVAILABLE when storage does not answer
   */
  check(token: string, scope: RequestScope, beforeReading: () => Promise<void>): Caller | Promise<Caller> {
    const id = keyIdOf(token);
    if (id === null) throw unknownKey();
    const entry = this.#entries.get(id);
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : this.#now() - entry.readAtMs;
    if (entry === undefined || !sameBytes(encoder.encode(token), entry.token)) {
      return beforeReading().then(() => this.#read(id, token));
    }
    // A key that was right before is not held up by what others try from its address.
    if (ageMs >= this.#cacheMs) return this.#read(id, token);
    if (ageMs >= this.#cacheMs / 2) this.#refreshBehind(entry, scope);
    return this.#callerOf(entry);
  }

  /** Drops a key at once in the isolate that revoked it. */
  forget(id: string): void {
    this.#entries.delete(id);
  }

  async #read(id: string, token: string): Promise<Caller> {
    const askedAtMs = this.#now();
    const stored = await this.#ask(id);
    const presented = await sha256Digest(token);
    // Unknown ids are compared too, so that the time of an answer does not tell which ids exist.
    const right = sameBytes(encoder.encode(presented), encoder.encode(`sha256:${stored?.key.hash ?? '0'.repeat(64)}`));
    if (stored === null || !right) {
      if (stored === null) this.#entries.delete(id);
      throw unknownKey();
    }
    return this.#callerOf(this.#keep(stored, encoder.encode(token), askedAtMs));
  }

  #keep({ key, revocation }: StoredKey, token: Uint8Array, readAtMs: number): Entry {
    const entry: Entry = {
      key,
      revoked: revocation !== null,
      token,
      expiresMs: key.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(key.expiresAt),
      caller: {
        id: `key:${key.id}`,
        name: key.name,
        scopes: new Set(key.scopes),
        models: key.models === null ? null : new Set(key.models),
      },
      readAtMs,
      refreshing: false,
    };
    this.#entries.set(key.id, entry);
    return entry;
  }

  #refreshBehind(entry: Entry, scope: RequestScope): void {
    if (entry.refreshing) return;
    entry.refreshing = true;
    const askedAtMs = this.#now();
    scope.waitUntil(
      this.#store.get(entry.key.id).then(
        (stored) => {
          if (stored === null) this.#entries.delete(entry.key.id);
          else this.#keep(stored, entry.token, askedAtMs);
        },
        // The entry is used until its time is up; after that a request waits for storage.
        () => {
          entry.refreshing = false;
        },
      ),
    );
  }

  async #ask(id: string): Promise<StoredKey | null> {
    try {
      return await this.#store.get(id);
    } catch (cause) {
      throw new PopserveError('UNAVAILABLE', 'the key cannot be checked now', { retryAfterSeconds: 1, cause });
    }
  }

  /** Only a caller who has the secret learns that the key is revoked or expired. */
  #callerOf({ revoked, expiresMs, caller, key }: Entry): Caller {
    if (revoked) throw new PopserveError('UNAUTHENTICATED', `key ${key.id} is revoked`);
    if (this.#now() >= expiresMs) throw new PopserveError('UNAUTHENTICATED', `key ${key.id} has expired`);
    return caller;
  }
}

function unknownKey(): PopserveError {
  return new PopserveError('UNAUTHENTICATED', 'the key is not known here');
}
