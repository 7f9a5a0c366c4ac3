// Tells which caller a credential belongs to: the operator, the holder of an API key, or the subject of a token.
import type { RequestScope } from '../request-scope.ts';
import type { Caller } from './caller.ts';
import { sameBytes } from './constant-time.ts';
import { isJwt, type JwtVerifier } from './jwt-verifier.ts';
import type { KeyCache } from './key-cache.ts';

const operator: Caller = { id: 'operator', name: null, scopes: new Set(['admin']), models: null };
const encoder = new TextEncoder();

export class Authenticator {
  readonly #adminToken: Uint8Array | null;
  readonly #keys: KeyCache;
  readonly #jwt: JwtVerifier | null;

  constructor(options: { adminToken: string | null; keys: KeyCache; jwt: JwtVerifier | null }) {
    this.#adminToken = options.adminToken === null ? null : encoder.encode(options.adminToken);
    this.#keys = options.keys;
    this.#jwt = options.jwt;
  }

  /**
   * @param beforeWork awaited before storage or the issuer's keys are read, and before an unknown credential is refused
   * @returns the caller, without a promise if the credential was checked a short while ago; null if it is none of this server's
   * @throws {PopserveError} UNAUTHENTICATED when the credential is refused
   * @throws {PopserveError} UNAVAILABLE when it cannot be checked now
   */
  check(token: string, scope: RequestScope, beforeWork: () => Promise<void>): Caller | null | Promise<Caller | null> {
    if (this.#adminToken !== null && sameBytes(encoder.encode(token), this.#adminToken)) return operator;
    if (token.startsWith('pk_')) return this.#keys.check(token, scope, beforeWork);
    if (this.#jwt !== null && isJwt(token)) return this.#jwt.check(token, scope, beforeWork);
    return beforeWork().then(() => null);
  }
}
