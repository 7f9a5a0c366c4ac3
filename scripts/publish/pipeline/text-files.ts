// The files of a folder of the Hub that say how texts become tokens, and tokens vectors.
// @see https://sbert.net/docs/package_reference/sentence_transformer/models.html
import { join } from 'node:path';
import * as z from 'zod';
import { invalid } from '../../../registry/errors.ts';
import { readJson } from './read-json.ts';

const modulesSchema = z.array(z.looseObject({ type: z.string(), path: z.string() })).min(1);
const poolingSchema = z.looseObject({
  pooling_mode: z.string().optional(),
  word_embedding_dimension: z.int().min(1).optional(),
  include_prompt: z.boolean().optional(),
});
const promptsSchema = z.looseObject({
  prompts: z.record(z.string(), z.string()).nullish(),
  default_prompt_name: z.string().nullish(),
});
const transformerSchema = z.looseObject({ max_seq_length: z.int().min(1).nullish() });

export interface SentenceFiles {
  /** The classes of modules.json by their last names, in their order. */
  readonly modules: readonly string[];
  readonly pooling: { readonly file: string; readonly config: z.infer<typeof poolingSchema> } | null;
  readonly prompts: z.infer<typeof promptsSchema> | null;
  readonly maxLength: number | null;
}

export interface TextFiles {
  /** tokenizer.json, which the conversion checks. */
  readonly tokenizer: unknown;
  readonly tokenizerConfig: unknown;
  readonly specialTokensMap: unknown;
}

/** @returns null if the folder has no tokenizer */
export async function readTextFiles(path: string): Promise<TextFiles | null> {
  const [tokenizer, tokenizerConfig, specialTokensMap] = await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'].map((name) =>
      readJson(join(path, name), z.unknown()),
    ),
  );
  if (tokenizer !== null) return { tokenizer, tokenizerConfig, specialTokensMap };
  if (tokenizerConfig === null) return null;
  throw invalid(
    `${path}: expected tokenizer.json beside tokenizer_config.json; in Python AutoTokenizer.from_pretrained(…, use_fast=True).save_pretrained(…) writes it`,
  );
}

/** @returns null for a folder that is not of sentence-transformers */
export async function readSentenceFiles(path: string): Promise<SentenceFiles | null> {
  const modules = await readJson(join(path, 'modules.json'), modulesSchema);
  if (modules === null) return null;
  const nameOf = (type: string) => type.split('.').at(-1) ?? type;
  const pooling = modules.find(({ type }) => nameOf(type) === 'Pooling');
  const file = pooling === undefined ? null : `${pooling.path}/config.json`;
  const config = file === null ? null : await readJson(join(path, file), poolingSchema);
  if (file !== null && config === null) throw invalid(`${path}: modules.json names ${file}, which is not there`);
  const transformer = await readJson(join(path, 'sentence_bert_config.json'), transformerSchema);
  return {
    modules: modules.map(({ type }) => nameOf(type)),
    pooling: file === null || config === null ? null : { file, config },
    prompts: await readJson(join(path, 'config_sentence_transformers.json'), promptsSchema),
    maxLength: transformer?.max_seq_length ?? null,
  };
}
