// The models of tokenizers as an artifact has them.
import * as z from 'zod';
import { type Arrays, arraySchema, mergesSchema, vocabularySchema } from './arrays.ts';
import { BytePair } from './byte-pair.ts';
import type { Model } from './model.ts';
import { Unigram } from './unigram.ts';
import { WordPiece } from './word-piece.ts';

/** A generous bound for one vocabulary: XLM-R has 250,002. */
export const mostTokens = 1_048_576;

export const idSchema = z.int().min(0).max(mostTokens);

const affix = z.string().max(64);

export const modelSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('wordpiece'),
    vocabulary: vocabularySchema,
    unknownId: idSchema,
    prefix: affix,
    mostCharacters: z.int().min(1).max(1024),
  }),
  z.strictObject({
    type: z.literal('bpe'),
    vocabulary: vocabularySchema,
    merges: mergesSchema,
    /** Ids are below it. */
    size: z.int().min(1).max(mostTokens),
    unknownId: idSchema.nullable(),
    fuseUnknown: z.boolean(),
    byteFallback: z.boolean(),
    ignoreMerges: z.boolean(),
    prefix: affix,
    suffix: affix,
  }),
  z.strictObject({
    type: z.literal('unigram'),
    vocabulary: vocabularySchema,
    /** f64, one for each token. */
    scores: arraySchema,
    unknownId: idSchema,
    unknownScore: z.number(),
    byteFallback: z.boolean(),
  }),
]);
export type ModelSpec = z.infer<typeof modelSchema>;

/** @throws {PopserveError} INVALID_ARGUMENT if the arrays that it names are damaged */
export function createModel(spec: ModelSpec, arrays: Arrays): Model {
  const vocabulary = (size: number) => arrays.vocabulary(spec.vocabulary, 'vocabulary', size);
  switch (spec.type) {
    case 'wordpiece':
      return new WordPiece(vocabulary(mostTokens), spec);
    case 'bpe':
      return new BytePair(vocabulary(spec.size), arrays.merges(spec.merges, spec.size), spec);
    case 'unigram': {
      const scores = arrays.array(Float64Array, spec.scores, 'scores');
      return new Unigram(vocabulary(scores.length), scores, spec);
    }
  }
}
