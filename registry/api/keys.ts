// API keys over HTTP. What is kept of a key, and what its creator decides, is ../api-key.ts.
import * as z from 'zod';
import { apiKeySchema } from '../api-key.ts';

/** A key as lists show it: without its hash. */
export const keySummarySchema = z.object({
  ...apiKeySchema.omit({ schema: true, hash: true }).shape,
  revokedAt: z.iso.datetime().nullable(),
  revokedBy: z.string().nullable(),
  revokedReason: z.string().nullable(),
});

export type KeySummary = z.infer<typeof keySummarySchema>;

export const createdKeySchema = z.object({
  key: keySummarySchema,
  token: z.string().describe('The key itself, which cannot be had a second time.'),
});

export type CreatedKey = z.infer<typeof createdKeySchema>;

export const keyListSchema = z.object({
  keys: z.array(keySummarySchema).describe('The newest of the page first, revoked and expired ones too.'),
  next: z.string().nullable().default(null).describe('Pass it as `after` for the next page; null on the last one.'),
  damaged: z.array(z.string()).describe('Ids of the page whose record cannot be read.').exactOptional(),
});

export type KeyList = z.infer<typeof keyListSchema>;

export const keyRevocationSchema = z.strictObject({ reason: z.string().max(1000).nullable().default(null) });

export const revokedKeySchema = z.object({
  key: keySummarySchema,
  everywhereWithinSeconds: z.number().describe('No PoP takes the key after so many seconds.'),
});

export type RevokedKey = z.infer<typeof revokedKeySchema>;
