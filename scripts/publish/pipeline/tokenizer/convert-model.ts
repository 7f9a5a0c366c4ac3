// tokenizer.json's model as flat arrays.
import * as z from 'zod';
import { invalid } from '../../../../registry/errors.ts';
import { parse } from '../../../../registry/parse.ts';
import { type ModelSpec, mostTokens } from '../../../../worker/pipeline/text/artifact.ts';
import type { TokenizerJson } from './source.ts';
import type { ArrayWriter } from './write-artifact.ts';

const supported = 'WordPiece';

/** The model, and what is said of it. */
export interface ConvertedModel {
  readonly spec: ModelSpec;
  /** Ids by token. */
  readonly ids: ReadonlyMap<string, number>;
}

const vocabSchema = z.record(z.string(), z.int().min(0).max(mostTokens));

const wordPieceSchema = z.object({
  vocab: vocabSchema,
  unk_token: z.string().default('[UNK]'),
  continuing_subword_prefix: z.string().max(64).default('##'),
  max_input_chars_per_word: z.int().min(1).max(1024).default(100),
});

/** @throws {PopserveError} INVALID_ARGUMENT for a kind that is not supported, or a faulty one */
export function convertModel(model: TokenizerJson['model'], arrays: ArrayWriter): ConvertedModel {
  const type = model.type ?? guessType(model);
  const what = `tokenizer.json: model ${type}`;
  switch (type) {
    case 'WordPiece': {
      const source = parse(wordPieceSchema, model, what);
      const ids = readVocabulary(source.vocab, what);
      const unknownId = ids.get(source.unk_token);
      if (unknownId === undefined) throw invalid(`${what}: unk_token '${source.unk_token}' is not in the vocabulary`);
      const spec: ModelSpec = {
        type: 'wordpiece',
        vocabulary: arrays.addVocabulary(ids),
        unknownId,
        prefix: source.continuing_subword_prefix,
        mostCharacters: source.max_input_chars_per_word,
      };
      return { spec, ids };
    }
    default:
      throw invalid(`${what} is not supported; expected one of ${supported}`);
  }
}

/** Files of early versions do not name the kind; only WordPiece has a prefix and a longest word. */
function guessType(model: TokenizerJson['model']): string {
  return 'max_input_chars_per_word' in model ? 'WordPiece' : 'without a type';
}

/** @throws {PopserveError} INVALID_ARGUMENT if two tokens have one id, or a token is no text */
function readVocabulary(vocab: Readonly<Record<string, number>>, what: string): Map<string, number> {
  const tokens = new Map<number, string>();
  const ids = new Map<string, number>();
  for (const [token, id] of Object.entries(vocab)) {
    const other = tokens.get(id);
    if (other !== undefined) throw invalid(`${what}: '${other}' and '${token}' have one id, ${id}`);
    if (!token.isWellFormed()) throw invalid(`${what}: token ${id} has half of a surrogate pair`);
    tokens.set(id, token);
    ids.set(token, id);
  }
  if (ids.size === 0) throw invalid(`${what}: the vocabulary is empty`);
  return ids;
}
