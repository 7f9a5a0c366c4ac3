// Which caller a credential stands for: the operator, the holder of an API key, or the subject of a token.
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
   * @param beforeWork awaited before storage or the issuer's keys are asked, or the credential turns out to be nothing
   * @returns without a promise for what was checked a short while ago; null for what is no credential of this server
   * @throws PopserveError UNAUTHENTICATED, UNAVAILABLE
   */
  check(token: string, scope: RequestScope, beforeWork: () => Promise<void>): Caller | null | Promise<Caller | null> {
    if (this.#adminToken !== null && sameBytes(encoder.encode(token), this.#adminToken)) return operator;
    if (token.startsWith('pk_')) return this.#keys.check(token, scope, beforeWork);
    if (this.#jwt !== null && isJwt(token)) return this.#jwt.check(token, beforeWork);
    return beforeWork().then(() => null);
  }
}
