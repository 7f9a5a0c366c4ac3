// Sessions of the console: a person's key or token, sealed into a cookie that only this server can open. The credential is checked
// anew with every request, so a session never has other rights than its key has now, and none once the key is revoked.
import type { R2Bucket } from '@cloudflare/workers-types';
import { EncryptJWT, jwtDecrypt } from 'jose';
import * as z from 'zod';
import { encodeBase64, toHex } from '../../registry/bytes.ts';
import { PopserveError } from '../../registry/errors.ts';
import { putObject } from '../../registry/r2-objects.ts';
import { RecentReads } from '../../registry/recent-reads.ts';
import { sameBytes } from './constant-time.ts';

/** The prefix binds the cookie to this host and to HTTPS. @see https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html */
export const sessionCookie = '__Host-popserve-session';
export const sessionSeconds = 8 * 3600;
/** A browser drops larger cookies without a word. */
const mostCookieBytes = 4000;
/** How long a sign-out everywhere may take to reach an isolate that has just looked. */
export const signOutSeconds = 5;

const sealedSchema = z.object({ credential: z.string(), csrf: z.string(), iat: z.number(), exp: z.number() });

export interface Session {
  readonly credential: string;
  /** Every change has to send it: another site's page does not know it. */
  readonly csrf: string;
  readonly issuedMs: number;
  readonly expiresMs: number;
}

export class Sessions {
  readonly #secret: string | null;
  readonly #bucket: Pick<R2Bucket, 'get' | 'put'>;
  readonly #now: () => number;
  readonly #signOuts = new RecentReads<number>({ keepMs: signOutSeconds * 1000, most: 500 });
  #key: Promise<Uint8Array> | undefined;

  /** @param options.secret the operators' token; null: there are no sessions */
  constructor(options: { secret: string | null; bucket: R2Bucket; now?: () => number }) {
    this.#secret = options.secret;
    this.#bucket = options.bucket;
    this.#now = options.now ?? Date.now;
  }

  /**
   * @returns the cookie's value
   * @throws {PopserveError} UNAVAILABLE without an operators' token; INVALID_ARGUMENT for a credential that fits into no cookie
   */
  async begin(credential: string): Promise<string> {
    const csrf = encodeBase64(crypto.getRandomValues(new Uint8Array(18)));
    const at = Math.floor(this.#now() / 1000);
    const sealed = await new EncryptJWT({ credential, csrf })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setIssuedAt(at)
      .setExpirationTime(at + sessionSeconds)
      .encrypt(await this.#sealingKey());
    if (sealed.length <= mostCookieBytes) return sealed;
    throw new PopserveError(
      'INVALID_ARGUMENT',
      `the token is too long for a session: expected one whose cookie has at most ${mostCookieBytes} characters, got ${sealed.length}; sign in with an API key`,
    );
  }

  /** @returns null for a value that this server did not make, or that has expired */
  async read(value: string): Promise<Session | null> {
    if (this.#secret === null || value.length > mostCookieBytes) return null;
    try {
      const { payload } = await jwtDecrypt(value, await this.#sealingKey(), {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        currentDate: new Date(this.#now()),
      });
      const { credential, csrf, iat, exp } = sealedSchema.parse(payload);
      return { credential, csrf, issuedMs: iat * 1000, expiresMs: exp * 1000 };
    } catch {
      return null;
    }
  }

  /** Whether all sessions of the caller that began before this one, and it, were ended. */
  async isEnded(callerId: string, { issuedMs }: Session): Promise<boolean> {
    const key = await signOutKey(callerId);
    const endedMs = await this.#signOuts.get(key, async () => {
      const stored = await this.#bucket.get(key);
      return stored === null ? 0 : Number(await stored.text());
    });
    return issuedMs <= endedMs;
  }

  /** Ends every session of the caller that has begun until now, on every device. */
  async endAll(callerId: string): Promise<void> {
    await putObject(this.#bucket as R2Bucket, await signOutKey(callerId), String(this.#now()));
    this.#signOuts.forget();
  }

  #sealingKey(): Promise<Uint8Array> {
    if (this.#secret === null) {
      throw new PopserveError('UNAVAILABLE', 'nobody can sign in: no admin token is configured, set ADMIN_TOKEN');
    }
    this.#key ??= derive(this.#secret);
    return this.#key;
  }
}

/** A key of its own, so that what seals cookies says nothing about the token. @see https://www.rfc-editor.org/rfc/rfc5869 */
async function derive(secret: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const base = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveBits']);
  const about = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode('popserve console 1') };
  return new Uint8Array(await crypto.subtle.deriveBits(about, base, 256));
}

async function signOutKey(callerId: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(callerId));
  return `console/sign-outs/${toHex(new Uint8Array(digest))}`;
}

/** Whether a form or a page's script has sent the session's own mark. */
export function hasMark({ csrf }: Session, sent: string | null): boolean {
  const encoder = new TextEncoder();
  return sent !== null && sameBytes(encoder.encode(sent), encoder.encode(csrf));
}
