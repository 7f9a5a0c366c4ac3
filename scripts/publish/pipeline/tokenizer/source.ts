// tokenizer.json as the Rust tokenizers write it. Each part is checked where it is converted, so that what is not supported is named.
// @see https://huggingface.co/docs/tokenizers/api/tokenizer
import * as z from 'zod';

/** A part that is one of several kinds. */
export const partSchema = z.looseObject({ type: z.string() });
export type Part = z.infer<typeof partSchema>;

const addedSchema = z.object({
  id: z.int().min(0),
  content: z.string(),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().default(true),
  special: z.boolean().default(false),
});
export type AddedSource = z.infer<typeof addedSchema>;

export const tokenizerJsonSchema = z.object({
  truncation: z.object({ max_length: z.int().min(0), direction: z.enum(['Left', 'Right']).default('Right') }).nullish(),
  padding: z
    .object({
      direction: z.enum(['Left', 'Right']),
      pad_id: z.int().min(0),
      pad_type_id: z.int().min(0),
    })
    .nullish(),
  added_tokens: z.array(addedSchema).default([]),
  normalizer: partSchema.nullish(),
  pre_tokenizer: partSchema.nullish(),
  post_processor: partSchema.nullish(),
  model: z.looseObject({ type: z.string().optional() }),
});
export type TokenizerJson = z.infer<typeof tokenizerJsonSchema>;

/** A special token by its text, or as an object that has it. */
const named = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();

/** What is read of tokenizer_config.json and of special_tokens_map.json. */
export const configSchema = z.looseObject({
  model_max_length: z.number().nullish(),
  padding_side: z.enum(['left', 'right']).nullish(),
  truncation_side: z.enum(['left', 'right']).nullish(),
  pad_token: named,
  pad_token_type_id: z.int().min(0).max(255).nullish(),
});
export type TokenizerConfig = z.infer<typeof configSchema>;

export function contentOf(token: z.infer<typeof named>): string | null {
  if (token === null || token === undefined) return null;
  return typeof token === 'string' ? token : token.content;
}
