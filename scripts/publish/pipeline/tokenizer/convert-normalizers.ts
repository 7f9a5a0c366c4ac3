// tokenizer.json's normalizer as the Worker's steps.
import * as z from 'zod';
import { invalid } from '../../../../registry/errors.ts';
import { parse } from '../../../../registry/parse.ts';
import type { NormalizerSpec } from '../../../../worker/pipeline/text/normalizers.ts';
import { convertReplacePattern, patternSourceSchema } from './convert-pattern.ts';
import { type Part, partSchema } from './source.ts';
import type { ArrayWriter } from './write-artifact.ts';

const supported =
  'BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Prepend, Replace, Nmt, ByteLevel, Precompiled, Sequence';

const bertSchema = z.object({
  clean_text: z.boolean().default(true),
  handle_chinese_chars: z.boolean().default(true),
  strip_accents: z.boolean().nullish(),
  lowercase: z.boolean().default(true),
});
const stripSchema = z.object({ strip_left: z.boolean(), strip_right: z.boolean() });
const prependSchema = z.object({ prepend: z.string().min(1).max(64) });
const replaceSchema = z.object({ pattern: patternSourceSchema, content: z.string().max(64) });
const precompiledSchema = z.object({ precompiled_charsmap: z.base64().nullable() });

/** @throws {PopserveError} INVALID_ARGUMENT for a kind that is not supported, or a faulty one */
export function convertNormalizers(part: Part | null | undefined, arrays: ArrayWriter): NormalizerSpec[] {
  if (part === null || part === undefined) return [];
  const what = `tokenizer.json: normalizer ${part.type}`;
  switch (part.type) {
    case 'Sequence': {
      const { normalizers } = parse(z.object({ normalizers: z.array(partSchema).max(32) }), part, what);
      return normalizers.flatMap((step) => convertNormalizers(step, arrays));
    }
    case 'BertNormalizer': {
      const bert = parse(bertSchema, part, what);
      const stripAccents = bert.strip_accents ?? bert.lowercase;
      const { clean_text: clean, handle_chinese_chars: ideographs, lowercase } = bert;
      return [{ type: 'bert', clean, ideographs, stripAccents, lowercase }];
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return [{ type: 'unicode', form: part.type }];
    case 'Lowercase':
      return [{ type: 'lowercase' }];
    case 'Strip': {
      const { strip_left: left, strip_right: right } = parse(stripSchema, part, what);
      return [{ type: 'strip', left, right }];
    }
    case 'StripAccents':
      return [{ type: 'strip-accents' }];
    case 'Prepend':
      return [{ type: 'prepend', text: parse(prependSchema, part, what).prepend }];
    case 'Replace': {
      const { pattern, content } = parse(replaceSchema, part, what);
      return [{ type: 'replace', pattern: convertReplacePattern(pattern, what), text: content }];
    }
    case 'Nmt':
      return [{ type: 'nmt' }];
    case 'ByteLevel':
      return [{ type: 'bytes' }];
    case 'Precompiled': {
      const { precompiled_charsmap: rules } = parse(precompiledSchema, part, what);
      return rules === null || rules === '' ? [] : [convertRules(Buffer.from(rules, 'base64'), what, arrays)];
    }
    default:
      throw invalid(`${what} is not supported; expected one of ${supported}`);
  }
}

/** A u32 with the bytes of the trie, the trie, and the replacements, each ended by NUL. */
function convertRules(rules: Buffer, what: string, arrays: ArrayWriter): NormalizerSpec {
  const size = rules.length < 4 ? 0 : rules.readUInt32LE(0);
  if (size === 0 || size % 4 !== 0 || 4 + size > rules.length) {
    throw invalid(`${what}: expected a trie of ${size} bytes in precompiled_charsmap, which has ${rules.length} bytes`);
  }
  const units = new Uint32Array(size / 4).map((_, index) => rules.readUInt32LE(4 + 4 * index));
  return {
    type: 'precompiled',
    units: arrays.add(units),
    replacements: arrays.add(Uint8Array.from(rules.subarray(4 + size))),
  };
}
