// Ids of answers, which carry what was answered: nothing is stored until the truth is told, and nothing of what was asked ever is.
// An id is signed, so that nobody can tell the truth about an answer that was not given, or was given otherwise.
import * as z from 'zod';
import { decodeBase64, encodeBase64, toHex } from '../../../registry/bytes.ts';
import { invalid } from '../../../registry/errors.ts';
import { sameBytes } from '../../security/constant-time.ts';
import { bucketCount } from '../drift/caller-bucket.ts';
import { type Side, sides } from '../sides.ts';
import type { Predicted } from './predicted.ts';
import type { FeedbackSettings } from './settings.ts';

/** What an id says of its answer. */
export interface AnswerClaim {
  readonly version: string;
  readonly epoch: number;
  readonly side: Side;
  /** The PoP that answered. */
  readonly pop: string;
  /** That of the caller who asked: see drift/caller-bucket.ts. */
  readonly bucket: number;
  /** The isolate that answered, and how many ids it has given for the model before. */
  readonly issuer: string;
  readonly sequence: number;
  /** Days since 1970 from which on the id is good for nothing. */
  readonly expiresDay: number;
  readonly predicted: Predicted;
}

const dayMs = 86_400_000;
/** Half of HMAC-SHA256, as RFC 2104 section 5 allows. */
const macBytes = 16;
/** A header of this size passes everywhere. */
const mostCharacters = 2048;
const form = 1;

const count = z.int().min(0);

const claimSchema = z.tuple([
  z.literal(form),
  z.string(),
  count,
  z.enum(sides),
  z.string(),
  z
    .int()
    .min(0)
    .max(bucketCount - 1),
  z.string().regex(/^[0-9a-f]{12}$/),
  count,
  count,
  z.enum(['labels', 'numbers']),
  z.array(z.union([z.string(), z.number(), z.null()])),
]);

type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

export class AnswerIds {
  readonly #settings: FeedbackSettings;
  readonly #issuer = toHex(crypto.getRandomValues(new Uint8Array(6)));
  /** Ids given so far, by model. */
  readonly #given = new Map<string, number>();
  #key: Promise<HmacKey> | undefined;

  constructor(settings: FeedbackSettings) {
    this.#settings = settings;
  }

  /** @returns null for answers that no id has room for */
  async give(
    model: string,
    claim: Omit<AnswerClaim, 'issuer' | 'sequence' | 'expiresDay'>,
    nowMs: number,
  ): Promise<string | null> {
    const { version, epoch, side, pop, bucket, predicted } = claim;
    const sequence = this.#given.get(model) ?? 0;
    const expiresDay = Math.floor(nowMs / dayMs) + Math.ceil(this.#settings.days) + 1;
    const told = [form, version, epoch, side, pop, bucket, this.#issuer, sequence, expiresDay, predicted.kind];
    const payload = urlSafe(new TextEncoder().encode(JSON.stringify([...told, predicted.values])));
    if (payload.length > mostCharacters) return null;
    this.#given.set(model, sequence + 1);
    return `${payload}.${urlSafe(await this.#sign(model, payload))}`;
  }

  /** @throws {PopserveError} INVALID_ARGUMENT for an id that was not given here for the model, or that is too old */
  async read(model: string, id: string, nowMs: number): Promise<AnswerClaim> {
    const [payload = '', mac = ''] = id.split('.', 2);
    const given = bytesOf(mac);
    if (given === null || !sameBytes(given, await this.#sign(model, payload))) {
      throw invalid(`not an id of an answer of '${model}': expected what the header popserve-answer-id said`);
    }
    const read = claimSchema.safeParse(JSON.parse(new TextDecoder().decode(bytesOf(payload) ?? new Uint8Array())));
    if (!read.success) throw invalid('the id was given by another version of popserve, which cannot be read here');
    const [, version, epoch, side, pop, bucket, issuer, sequence, expiresDay, kind, values] = read.data;
    if (nowMs >= expiresDay * dayMs) {
      throw invalid(`the id is too old: it was good until ${new Date(expiresDay * dayMs).toISOString().slice(0, 10)}`);
    }
    return { version, epoch, side, pop, bucket, issuer, sequence, expiresDay, predicted: { kind, values } };
  }

  async #sign(model: string, payload: string): Promise<Uint8Array> {
    this.#key ??= derivedKey(this.#settings.secret);
    const text = new TextEncoder().encode(`${model}/${payload}`);
    return new Uint8Array(await crypto.subtle.sign('HMAC', await this.#key, text)).subarray(0, macBytes);
  }
}

/** A key for this purpose alone. @see https://www.rfc-editor.org/rfc/rfc5869 */
async function derivedKey(secret: string): Promise<HmacKey> {
  const encoder = new TextEncoder();
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveKey']);
  const derivation = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode('popserve answer id'),
  };
  const algorithm = { name: 'HMAC', hash: 'SHA-256', length: 256 };
  return crypto.subtle.deriveKey(derivation, material, algorithm, false, ['sign']);
}

/** Base64 as URLs and headers carry it. */
function urlSafe(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function bytesOf(text: string): Uint8Array | null {
  return /^[\w-]+$/.test(text) ? decodeBase64(text.replaceAll('-', '+').replaceAll('_', '/')) : null;
}
