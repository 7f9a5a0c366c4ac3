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
  keys: z.array(keySummarySchema).describe('The newest first, revoked and expired ones too.'),
});

export type KeyList = z.infer<typeof keyListSchema>;

export const keyRevocationSchema = z.strictObject({ reason: z.string().max(1000).nullable().default(null) });

export const revokedKeySchema = z.object({
  key: keySummarySchema,
  everywhereWithinSeconds: z.number().describe('No PoP takes the key after so many seconds.'),
});

export type RevokedKey = z.infer<typeof revokedKeySchema>;
