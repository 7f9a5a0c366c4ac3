// An API key: the token that a client holds, and the record that is kept of it. api-key-store.ts stores the records.

import * as z from 'zod';
import { encodeBase64, toHex } from './bytes.ts';
import { modelNameSchema } from './names.ts';

/** `admin` holds all the others, `release` holds `read`. */
export const scopeSchema = z.enum(['infer', 'read', 'release', 'admin']);

export type Scope = z.infer<typeof scopeSchema>;

/** Public: it appears in lists, logs and the audit. 64 random bits in hex. */
export const keyIdSchema = z.string().regex(/^[0-9a-f]{16}$/, 'a key id is 16 hex digits');

/** The part of a key that its creator decides. */
export const keyRequestSchema = z
  .strictObject({
    /** Names the holder, for people. */
    name: z.string().regex(/^[\x20-\x7e]{1,64}$/, 'a name is 1 to 64 printable ASCII characters'),
    scopes: z.array(scopeSchema).min(1).max(16),
    /** The only models that the key is for; null for all. */
    models: z.array(modelNameSchema).min(1).max(100).nullable().default(null),
    expiresAt: z.iso.datetime().nullable().default(null),
  })
  .refine(({ scopes, models }) => models === null || !scopes.includes('admin'), {
    path: ['models'],
    error: 'scope admin is never for some models only',
  });

export type KeyRequest = z.infer<typeof keyRequestSchema>;

/** The stored record, which never changes. The secret itself is kept nowhere. */
export const apiKeySchema = z.strictObject({
  schema: z.literal(1),
  id: keyIdSchema,
  /** SHA-256 of the whole key in hex. The secret has 256 random bits: a slower hash would protect nothing. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string(),
  scopes: z.array(scopeSchema),
  models: z.array(modelNameSchema).nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  expiresAt: z.iso.datetime().nullable(),
});

export type ApiKey = z.infer<typeof apiKeySchema>;

export const revocationSchema = z.strictObject({
  schema: z.literal(1),
  at: z.iso.datetime(),
  by: z.string(),
  reason: z.string().nullable(),
});

export type Revocation = z.infer<typeof revocationSchema>;

const tokenPattern = /^pk_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

/** @returns a new id and the key that carries it: `pk_<id>_<43 characters of base64url>` */
export function generateKey(): { id: string; token: string } {
  const id = toHex(crypto.getRandomValues(new Uint8Array(8)));
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const text = encodeBase64(secret);
  return { id, token: `pk_${id}_${text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}` };
}

/** @returns the id within a key; null if the text is not shaped like a key */
export function keyIdOf(token: string): string | null {
  return tokenPattern.exec(token)?.[1] ?? null;
}
