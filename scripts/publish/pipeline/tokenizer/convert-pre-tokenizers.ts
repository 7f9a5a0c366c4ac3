// tokenizer.json's pre-tokenizer as the Worker's steps.
import * as z from 'zod';
import { invalid } from '../../../../registry/errors.ts';
import { parse } from '../../../../registry/parse.ts';
import type { PreTokenizerSpec } from '../../../../worker/pipeline/text/pre-tokenizers.ts';
import type { Behaviour } from '../../../../worker/pipeline/text/split.ts';
import { convertSplitPattern, patternSourceSchema } from './convert-pattern.ts';
import { type Part, partSchema } from './source.ts';

const supported =
  'BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Digits, CharDelimiterSplit, Split, ByteLevel, Metaspace, Sequence';

const behaviours: Readonly<Record<string, Behaviour>> = {
  Removed: 'removed',
  Isolated: 'isolated',
  MergedWithPrevious: 'merged-with-previous',
  MergedWithNext: 'merged-with-next',
  Contiguous: 'contiguous',
};
const behaviourSchema = z.enum(['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']);

const character = z.string().regex(/^.$/su, 'expected one character');
const sequenceSchema = z.object({ pretokenizers: z.array(partSchema).max(32) });
const punctuationSchema = z.object({ behavior: behaviourSchema.default('Isolated') });
const digitsSchema = z.object({ individual_digits: z.boolean().default(false) });
const delimiterSchema = z.object({ delimiter: character });
const splitSchema = z.object({
  pattern: patternSourceSchema,
  behavior: behaviourSchema,
  invert: z.boolean().default(false),
});
const byteLevelSchema = z.object({ add_prefix_space: z.boolean(), use_regex: z.boolean().default(true) });
const metaspaceSchema = z.object({
  replacement: character,
  add_prefix_space: z.boolean().nullish(),
  prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
  split: z.boolean().nullish(),
});

/** @throws {PopserveError} INVALID_ARGUMENT for a kind that is not supported, or a faulty one */
export function convertPreTokenizers(part: Part | null | undefined): PreTokenizerSpec[] {
  if (part === null || part === undefined) return [];
  const what = `tokenizer.json: pre_tokenizer ${part.type}`;
  switch (part.type) {
    case 'Sequence':
      return parse(sequenceSchema, part, what).pretokenizers.flatMap(convertPreTokenizers);
    case 'BertPreTokenizer':
      return [{ type: 'bert' }];
    case 'Whitespace':
      return [{ type: 'words' }];
    case 'WhitespaceSplit':
      return [{ type: 'whitespace' }];
    case 'Punctuation':
      return [{ type: 'punctuation', behaviour: behaviourOf(parse(punctuationSchema, part, what).behavior) }];
    case 'Digits': {
      const { individual_digits: each } = parse(digitsSchema, part, what);
      return [{ type: 'digits', behaviour: each ? 'isolated' : 'contiguous' }];
    }
    case 'CharDelimiterSplit': {
      const { delimiter: text } = parse(delimiterSchema, part, what);
      return [{ type: 'split', pattern: { find: 'text', text }, behaviour: 'removed', invert: false }];
    }
    case 'Split': {
      const { pattern, behavior, invert } = parse(splitSchema, part, what);
      return [{ type: 'split', pattern: convertSplitPattern(pattern, what), behaviour: behaviourOf(behavior), invert }];
    }
    case 'ByteLevel': {
      const { add_prefix_space: prepend, use_regex: words } = parse(byteLevelSchema, part, what);
      return [{ type: 'bytes', prepend, words }];
    }
    case 'Metaspace':
      return [convertMetaspace(parse(metaspaceSchema, part, what), what)];
    default:
      throw invalid(`${what} is not supported; expected one of ${supported}`);
  }
}

function behaviourOf(name: z.infer<typeof behaviourSchema>): Behaviour {
  return behaviours[name] ?? 'isolated';
}

function convertMetaspace(source: z.infer<typeof metaspaceSchema>, what: string): PreTokenizerSpec {
  const { replacement, add_prefix_space: prepends, prepend_scheme: scheme, split } = source;
  if (prepends === false && scheme !== undefined && scheme !== 'never') {
    throw invalid(`${what}: add_prefix_space is false and prepend_scheme is ${scheme}`);
  }
  const prepend = prepends === false ? 'never' : (scheme ?? 'always');
  return { type: 'metaspace', replacement, prepend, split: split ?? true };
}
