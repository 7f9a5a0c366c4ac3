// Parameters that requests give in their query: the page of a list, the part of what is collected, the form of an answer. Numbers come
// as text.
import * as z from 'zod';
import { digestSchema, versionSchema } from '../names.ts';
import { placeSchema } from './drift.ts';

const after = z.string().max(1024).describe('What the page before gave as `next`.').optional();

/** A page of the registry's lists. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50).describe('Entries of a page.'),
  after,
  before: z.coerce.number().int().min(1).describe('Only older epochs.').optional(),
});

/** A page of `GET /registry/keys`. A key is two reads of storage at most. */
export const keyPageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(100).describe('Entries of a page.'),
  after,
});

/** A page of `GET /v2/models`. */
export const modelPageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(400).default(400).describe('Entries of a page.'),
  after,
});

/** A page of `GET /registry/objects`: as many as R2 lists at once. */
export const objectPageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(1000).describe('Entries of a page.'),
  after,
});

/** One version's part of what is collected of a model, or one PoP's. */
export const partQuerySchema = z.strictObject({
  version: versionSchema.describe('Only this version.').exactOptional(),
  pop: z.string().max(64).describe('Only this PoP.').exactOptional(),
});

/** One place of one version, and the feature whose histogram is asked for. */
export const driftHistoryQuerySchema = z.strictObject({
  version: versionSchema,
  place: placeSchema,
  feature: z.string().min(1).max(1000).describe('Tells its histogram too.').exactOptional(),
});

export const statisticsQuerySchema = z.object({
  scope: z
    .enum(['isolate', 'all'], { error: ({ input }) => `expected isolate or all, got '${String(input).slice(0, 40)}'` })
    .default('isolate')
    .describe('isolate: counted by the one that answers; all: merged over PoPs.'),
});

export const nonFiniteSchema = z
  .enum(['null', 'bare'], { error: ({ input }) => `expected null or bare, got '${String(input).slice(0, 40)}'` })
  .default('null')
  .describe(
    'How the JSON of an answer writes NaN and infinities; bare: as NaN, Infinity and -Infinity, which is no JSON.',
  );

/** The form of an inference's answer. */
export const answerQuerySchema = z.object({ non_finite: nonFiniteSchema });

export const metricsQuerySchema = z.strictObject({
  names: z.enum(['popserve', 'triton']).default('popserve').describe('`triton` adds its names.'),
});

/** `GET …/artifact`; the schema of the digest is asked for by itself, so that its faults are told as before. */
export const artifactQuerySchema = z.object({
  digest: digestSchema
    .describe('These bytes or none, of the model or its tokenizer; the answer may then be kept for ever.')
    .optional(),
});
