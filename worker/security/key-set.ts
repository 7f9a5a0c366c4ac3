// The public keys of an identity provider (RFC 7517): fetched rarely, bounded, and kept. Callers choose the tokens, so no token may
// decide how often the provider is asked.
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { PopserveError } from '../../registry/errors.ts';
import type { RequestScope } from '../request-scope.ts';

/** As large as the sets of the largest providers, many times over. */
const mostBytes = 262_144;
const mostKeys = 100;
/** Base64url characters of an RSA modulus of 8,192 bits and of an exponent of six bytes: larger ones make each check dear. */
const mostModulus = 1366;
const mostExponent = 8;
const timeoutMs = 5000;
/** A set is fetched again after this, or when a token names a key that is not in it, but then at most this often. */
const freshMs = 600_000;
const unknownKeyMs = 30_000;
/** While the provider fails, the set that it gave last is used for so long. */
const keptMs = 3_600_000;
/** Pauses after failures: 1, 2, 4 … 60 s. */
const mostPauseMs = 60_000;

const keySchema = z.looseObject({
  kty: z.string().max(16),
  kid: z.string().max(1024).optional(),
  alg: z.string().max(64).optional(),
  n: z.string().max(mostModulus).optional(),
  e: z.string().max(mostExponent).optional(),
  x: z.string().max(200).optional(),
  y: z.string().max(200).optional(),
});

const setSchema = z.object({ keys: z.array(z.unknown()).max(mostKeys) });

export class KeySet {
  readonly #url: URL;
  readonly #fetch: typeof fetch;
  readonly #now: () => number;
  #find: JWTVerifyGetKey | null = null;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #pauseUntilMs = 0;
  /** The fetch under way, which every request waits for that needs it. */
  #fetching: Promise<void> | null = null;

  constructor(url: URL, options: { fetch?: typeof fetch; now?: () => number } = {}) {
    this.#url = url;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#now = options.now ?? Date.now;
  }

  /**
   * The key that a token's header names.
   * @throws {PopserveError} UNAVAILABLE while there is no set and the provider gives none
   * @throws an error of jose when no key, or more than one, fits
   */
  keyFor(scope: RequestScope): JWTVerifyGetKey {
    return async (header, token) => {
      if (this.#now() - this.#fetchedAtMs >= freshMs) await this.#refresh(scope);
      try {
        return await this.#known()(header, token);
      } catch (error) {
        const unknown = error instanceof Error && 'code' in error && error.code === 'ERR_JWKS_NO_MATCHING_KEY';
        if (!unknown || this.#now() - this.#askedAtMs < unknownKeyMs) throw error;
        await this.#refresh(scope);
        return await this.#known()(header, token);
      }
    };
  }

  #known(): JWTVerifyGetKey {
    const nowMs = this.#now();
    if (this.#find !== null && nowMs - this.#fetchedAtMs < keptMs) return this.#find;
    throw unavailable(Math.max(1, Math.ceil((this.#pauseUntilMs - nowMs) / 1000)));
  }

  /** Waits for the fetch under way, or for a new one where a pause does not forbid it. A failure is remembered, not thrown. */
  async #refresh(scope: RequestScope): Promise<void> {
    const nowMs = this.#now();
    // A fetch that has not ended by then belonged to a request that died.
    const lost = nowMs - this.#askedAtMs > 2 * timeoutMs;
    if (this.#fetching === null || lost) {
      if (nowMs < this.#pauseUntilMs) return;
      this.#askedAtMs = nowMs;
      const fetching = this.#load(nowMs).finally(() => {
        if (this.#fetching === fetching) this.#fetching = null;
      });
      this.#fetching = fetching;
      // The request that began it may end before: others wait for it.
      scope.waitUntil(fetching);
    }
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, timeoutMs);
    await Promise.race([this.#fetching, late.promise]);
    clearTimeout(timer);
  }

  async #load(startedAtMs: number): Promise<void> {
    try {
      const { createLocalJWKSet } = await import('jose');
      this.#find = createLocalJWKSet(await this.#read());
      this.#fetchedAtMs = startedAtMs;
      this.#failures = 0;
      this.#pauseUntilMs = 0;
    } catch {
      this.#pauseUntilMs = this.#now() + Math.min(mostPauseMs, 1000 * 2 ** this.#failures);
      this.#failures += 1;
    }
  }

  async #read(): Promise<JSONWebKeySet> {
    const response = await this.#fetch(this.#url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      // The provider's address is the operator's decision, not the provider's.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { status, body } = response;
    const mediaType = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    if (status !== 200 || body === null || !/^application\/([a-z0-9.-]+\+)?json$/.test(mediaType)) {
      await body?.cancel();
      throw new Error(`expected 200 with JSON, got ${status} with '${mediaType}'`);
    }
    const { keys } = setSchema.parse(JSON.parse(await readText(body)));
    // Keys of other uses and kinds stand in the same set: one that cannot be used here is left out.
    return { keys: keys.filter((key) => keySchema.safeParse(key).success) as JSONWebKeySet['keys'] };
  }
}

/** @throws Error beyond the limit, and for what is not UTF-8 */
async function readText(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  let text = '';
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`expected at most ${mostBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function unavailable(retryAfterSeconds: number): PopserveError {
  return new PopserveError('UNAVAILABLE', "the token cannot be checked now: the issuer's keys do not arrive", {
    retryAfterSeconds,
  });
}
