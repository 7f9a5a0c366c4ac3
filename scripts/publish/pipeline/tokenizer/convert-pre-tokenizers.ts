// tokenizer.json's pre-tokenizer as the Worker's steps.
import * as z from 'zod';
import { invalid } from '../../../../registry/errors.ts';
import { parse } from '../../../../registry/parse.ts';
import type { PreTokenizerSpec } from '../../../../worker/pipeline/text/pre-tokenizers.ts';
import { type Part, partSchema } from './source.ts';

const supported = 'BertPreTokenizer, Sequence';

/** @throws {PopserveError} INVALID_ARGUMENT for a kind that is not supported, or a faulty one */
export function convertPreTokenizers(part: Part | null | undefined): PreTokenizerSpec[] {
  if (part === null || part === undefined) return [];
  const what = `tokenizer.json: pre_tokenizer ${part.type}`;
  switch (part.type) {
    case 'Sequence':
      return parse(z.object({ pretokenizers: z.array(partSchema).max(32) }), part, what).pretokenizers.flatMap(
        convertPreTokenizers,
      );
    case 'BertPreTokenizer':
      return [{ type: 'bert' }];
    default:
      throw invalid(`${what} is not supported; expected one of ${supported}`);
  }
}
