// tokenizer.json's model as flat arrays.
import * as z from 'zod';
import { invalid } from '../../../../registry/errors.ts';
import { parse } from '../../../../registry/parse.ts';
import { type ModelSpec, mostTokens } from '../../../../worker/pipeline/text/models.ts';
import { buildMerges } from './build-merges.ts';
import { checkToken, readVocabulary, vocabSchema } from './read-vocabulary.ts';
import type { TokenizerJson } from './source.ts';
import type { ArrayWriter } from './write-artifact.ts';

const supported = 'WordPiece, BPE, Unigram';

export interface ConvertedModel {
  readonly type: string;
  readonly spec: ModelSpec;
  /** Ids by token. */
  readonly ids: ReadonlyMap<string, number>;
  /** Tokens of the file, as the Rust tokenizers count them. */
  readonly size: number;
}

const wordPieceSchema = z.object({
  vocab: vocabSchema,
  unk_token: z.string().default('[UNK]'),
  continuing_subword_prefix: z.string().max(64).default('##'),
  max_input_chars_per_word: z.int().min(1).max(1024).default(100),
});

const bytePairSchema = z.object({
  vocab: vocabSchema,
  merges: z.union([z.array(z.string()), z.array(z.tuple([z.string(), z.string()]))]),
  dropout: z.number().nullish(),
  unk_token: z.string().nullish(),
  continuing_subword_prefix: z.string().max(64).nullish(),
  end_of_word_suffix: z.string().max(64).nullish(),
  fuse_unk: z.boolean().nullish(),
  byte_fallback: z.boolean().nullish(),
  ignore_merges: z.boolean().nullish(),
});

const unigramSchema = z.object({
  vocab: z
    .array(z.tuple([z.string(), z.number()]))
    .min(1)
    .max(mostTokens),
  unk_id: z.int().min(0).nullish(),
  byte_fallback: z.boolean().nullish(),
});

/** @throws {PopserveError} INVALID_ARGUMENT for a kind that is not supported, or a faulty one */
export function convertModel(model: TokenizerJson['model'], arrays: ArrayWriter): ConvertedModel {
  const type = model.type ?? kindOf(model);
  const what = `tokenizer.json: model ${type}`;
  switch (type) {
    case 'WordPiece':
      return convertWordPiece(parse(wordPieceSchema, model, what), what, arrays);
    case 'BPE':
      return convertBytePair(parse(bytePairSchema, model, what), what, arrays);
    case 'Unigram':
      return convertUnigram(parse(unigramSchema, model, what), what, arrays);
    default:
      throw invalid(`${what} is not supported; expected one of ${supported}`);
  }
}

/** Files of early versions do not name the kind. Each has members that no other has. */
function kindOf(model: TokenizerJson['model']): string {
  if ('merges' in model) return 'BPE';
  if ('unk_id' in model) return 'Unigram';
  return 'max_input_chars_per_word' in model ? 'WordPiece' : 'without a type';
}

function convertWordPiece(source: z.infer<typeof wordPieceSchema>, what: string, arrays: ArrayWriter): ConvertedModel {
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
  return { type: 'WordPiece', spec, ids, size: ids.size };
}

function convertBytePair(source: z.infer<typeof bytePairSchema>, what: string, arrays: ArrayWriter): ConvertedModel {
  const { unk_token, byte_fallback, continuing_subword_prefix, end_of_word_suffix } = source;
  const prefix = continuing_subword_prefix ?? '';
  const suffix = end_of_word_suffix ?? '';
  if (source.dropout) throw invalid(`${what}: dropout ${source.dropout} gives other tokens each time; expected none`);
  if (byte_fallback && prefix + suffix !== '') {
    throw invalid(`${what}: byte_fallback beside continuing_subword_prefix or end_of_word_suffix is not supported`);
  }
  const ids = readVocabulary(source.vocab, what);
  const unknownId = unk_token ? ids.get(unk_token) : null;
  if (unknownId === undefined) throw invalid(`${what}: unk_token '${unk_token}' is not in the vocabulary`);
  let size = 0;
  for (const id of ids.values()) size = Math.max(size, id + 1);
  const spec: ModelSpec = {
    type: 'bpe',
    vocabulary: arrays.addVocabulary(ids),
    merges: arrays.addMerges(buildMerges(source.merges, { ids, prefix, size, what })),
    size,
    unknownId,
    fuseUnknown: source.fuse_unk ?? false,
    byteFallback: byte_fallback ?? false,
    ignoreMerges: source.ignore_merges ?? false,
    prefix,
    suffix,
  };
  return { type: 'BPE', spec, ids, size: ids.size };
}

/** Below the worst score of the vocabulary, as SentencePiece has it. */
const unknownPenalty = 10;

function convertUnigram(source: z.infer<typeof unigramSchema>, what: string, arrays: ArrayWriter): ConvertedModel {
  const { vocab, unk_id: unknownId } = source;
  if (unknownId === null || unknownId === undefined || unknownId >= vocab.length) {
    throw invalid(`${what}: expected unk_id to be one of ${vocab.length} tokens, got ${unknownId}`);
  }
  const ids = new Map<string, number>();
  const scores = new Float64Array(vocab.length);
  let worst = Number.POSITIVE_INFINITY;
  for (const [id, [token, score]] of vocab.entries()) {
    checkToken(token, id, what);
    // Of two equal tokens the later one counts, as in the Rust tokenizers.
    if (token !== '') ids.set(token, id);
    scores[id] = score;
    worst = Math.min(worst, score);
  }
  const spec: ModelSpec = {
    type: 'unigram',
    vocabulary: arrays.addVocabulary(ids),
    scores: arrays.add(scores),
    unknownId,
    unknownScore: worst - unknownPenalty,
    byteFallback: source.byte_fallback ?? false,
  };
  return { type: 'Unigram', spec, ids, size: vocab.length };
}
