// tokenizer.json's normalizer as the Worker's steps.
import * as z from 'zod';
import { invalid } from '../../../../registry/errors.ts';
import { parse } from '../../../../registry/parse.ts';
import type { NormalizerSpec } from '../../../../worker/pipeline/text/normalizers.ts';
import { type Part, partSchema } from './source.ts';

const supported = 'BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, Sequence';

const bertSchema = z.object({
  clean_text: z.boolean().default(true),
  handle_chinese_chars: z.boolean().default(true),
  strip_accents: z.boolean().nullish(),
  lowercase: z.boolean().default(true),
});

/** @throws {PopserveError} INVALID_ARGUMENT for a kind that is not supported, or a faulty one */
export function convertNormalizers(part: Part | null | undefined): NormalizerSpec[] {
  if (part === null || part === undefined) return [];
  const what = `tokenizer.json: normalizer ${part.type}`;
  switch (part.type) {
    case 'Sequence':
      return parse(z.object({ normalizers: z.array(partSchema).max(32) }), part, what).normalizers.flatMap(
        convertNormalizers,
      );
    case 'BertNormalizer': {
      const bert = parse(bertSchema, part, what);
      return [
        {
          type: 'bert',
          clean: bert.clean_text,
          ideographs: bert.handle_chinese_chars,
          stripAccents: bert.strip_accents ?? bert.lowercase,
          lowercase: bert.lowercase,
        },
      ];
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return [{ type: 'unicode', form: part.type }];
    case 'Lowercase':
      return [{ type: 'lowercase' }];
    default:
      throw invalid(`${what} is not supported; expected one of ${supported}`);
  }
}
