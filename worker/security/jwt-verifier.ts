// Checks JSON Web Tokens of an identity provider (RFC 7519) with jose against the keys that the provider publishes (RFC 7517).
import { type Scope, scopeSchema } from '../../registry/api-key.ts';
import { BoundedMap } from '../../registry/bounded-map.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Caller } from './caller.ts';
import { type ClaimRules, type Grant, grantOf } from './claim-rules.ts';
import { type Claims, readClaims, refused } from './jwt-claims.ts';
import { KeySet } from './key-set.ts';

export interface JwtSettings {
  readonly jwksUrl: URL;
  readonly issuer: string;
  readonly audience: string;
  /** The claim with the scopes, as a list or separated by spaces. */
  readonly scopeClaim: string;
  /** The prefix of popserve's scopes in that claim. */
  readonly scopePrefix: string;
  /** The claim with the only models that the token is for. A token without it is for all models. */
  readonly modelsClaim: string;
  /** Give the rights by other claims instead; null: the two claims above say them. */
  readonly rules: ClaimRules | null;
}

interface Verified {
  readonly caller: Caller;
  readonly untilMs: number;
}

/** Only asymmetric signatures: the key of a symmetric one cannot be published. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const clockToleranceSeconds = 30;
const mostVerified = 1000;

export function isJwt(token: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(token);
}

export class JwtVerifier {
  readonly #settings: JwtSettings;
  readonly #cacheMs: number;
  readonly #now: () => number;
  /** Verified tokens only, keyed by the whole token with its signature. */
  readonly #verified = new BoundedMap<string, Verified>(mostVerified);
  readonly #keys: KeySet;

  /** @param cacheSeconds how long a verified token is accepted without another check, at most until it expires */
  constructor(
    settings: JwtSettings,
    cacheSeconds: number,
    now: () => number = Date.now,
    keys = new KeySet(settings.jwksUrl),
  ) {
    this.#settings = settings;
    this.#cacheMs = cacheSeconds * 1000;
    this.#now = now;
    this.#keys = keys;
  }

  /**
   * Answers without a promise for a token that was verified a short while ago.
   * @throws {PopserveError} UNAUTHENTICATED when the token is refused; the message says why
   * @throws {PopserveError} UNAVAILABLE when the provider's keys cannot be read
   */
  check(token: string, scope: RequestScope, beforeVerifying: () => Promise<void>): Caller | Promise<Caller> {
    const known = this.#verified.get(token);
    if (known !== undefined && this.#now() < known.untilMs) return known.caller;
    this.#verified.delete(token);
    // A token that was right before is not held up by what others try from its address.
    return known === undefined ? beforeVerifying().then(() => this.#verify(token, scope)) : this.#verify(token, scope);
  }

  async #verify(token: string, scope: RequestScope): Promise<Caller> {
    // What cannot be a token of anybody costs no look at the keys.
    const claims = readClaims(token);
    // Imported here and not at the top, so that start-up does not pay for it if no token ever comes.
    const { jwtVerify } = await import('jose');
    const { issuer, audience } = this.#settings;
    await jwtVerify(token, this.#keys.keyFor(scope), {
      issuer,
      audience,
      algorithms,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: clockToleranceSeconds,
    }).catch((error: unknown) => {
      throw refusal(error);
    });
    const caller = await this.#callerOf(claims);
    const endsMs = (claims.exp + clockToleranceSeconds) * 1000;
    this.#verified.set(token, { caller, untilMs: Math.min(this.#now() + this.#cacheMs, endsMs) });
    return caller;
  }

  async #callerOf(claims: Claims): Promise<Caller> {
    const { rules } = this.#settings;
    const { scopes, models } = rules === null ? this.#saidIn(claims) : grantOf(rules, claims);
    const { name } = claims;
    return {
      id: await subjectId(claims.sub),
      name: typeof name === 'string' ? printable(name.slice(0, shownCharacters)) : null,
      scopes,
      models,
    };
  }

  #saidIn(claims: Claims): Grant {
    const { scopeClaim, scopePrefix, modelsClaim } = this.#settings;
    const scopes = new Set<Scope>();
    for (const text of listOf(own(claims, scopeClaim))) {
      const scope = text.startsWith(scopePrefix) ? scopeSchema.safeParse(text.slice(scopePrefix.length)) : undefined;
      if (scope?.success) scopes.add(scope.data);
    }
    const models = own(claims, modelsClaim);
    // A claim that cannot be read allows no model.
    return { scopes, models: models === undefined ? null : new Set(listOf(models)) };
  }
}

function listOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((part) => part !== '');
  return Array.isArray(claim) ? claim.filter((part) => typeof part === 'string') : [];
}

/** A claim of the token, not what every object inherits. */
function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

const shownCharacters = 100;

/**
 * The name of a subject in logs and limits: as it is where it is short and printable, otherwise its beginning with the SHA-256 of
 * the whole as JSON, which tells broken characters apart. Different subjects never share a name, nor the limits that go with it.
 */
async function subjectId(subject: string): Promise<string> {
  const plain = subject.length <= shownCharacters && /^[\x20-\x7e]+$/.test(subject);
  if (plain && !/~[0-9a-f]{64}$/.test(subject)) return `jwt:${subject}`;
  const hash = (await sha256Digest(JSON.stringify(subject))).slice('sha256:'.length);
  return `jwt:${printable(subject.slice(0, 32))}~${hash}`;
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

/** jose's own messages name the claim or header at fault and never quote the token. */
function refusal(error: unknown): PopserveError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const aboutToken = /^ERR_(JWT|JWS|JWKS_NO_MATCHING|JWKS_MULTIPLE|JOSE_ALG|JOSE_NOT_SUPPORTED)/.test(code);
  if (error instanceof PopserveError) return error;
  if (error instanceof Error && aboutToken) return refused(error.message, error);
  return new PopserveError('UNAVAILABLE', "the token cannot be checked now: the issuer's keys do not arrive", {
    retryAfterSeconds: 5,
    cause: error,
  });
}
