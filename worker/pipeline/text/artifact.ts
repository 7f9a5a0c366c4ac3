// The file in which a version keeps its tokenizer: a header that says what it does, and flat arrays that are used where they lie, so
// that loading makes nothing of them. Written by scripts/publish, read by the Worker.
//
//   8 bytes "popstok1" | u32 bytes of the header | header, JSON | zeros up to a multiple of 8 | arrays, each at a multiple of 8
//
// Numbers are little-endian.
import * as z from 'zod';
import { invalid } from '../../../registry/errors.ts';
import { parse } from '../../../registry/parse.ts';
import { addedTokenSchema } from './added-tokens.ts';
import { Arrays, vocabularySchema } from './arrays.ts';
import { idSchema, modelSchema } from './models.ts';
import { normalizerSchema } from './normalizers.ts';
import { preTokenizerSchema } from './pre-tokenizers.ts';
import { templateSchema } from './template.ts';

export const mostAddedTokens = 16_384;

const addedSchema = z.strictObject({
  contents: vocabularySchema,
  tokens: z.array(addedTokenSchema).max(mostAddedTokens),
});

export const headerSchema = z.strictObject({
  schema: z.literal(1),
  /** Tokens found in the text as it was sent, and in the text as the normalizers leave it. */
  added: z.strictObject({ raw: addedSchema, normalized: addedSchema }),
  normalizers: z.array(normalizerSchema).max(32),
  preTokenizers: z.array(preTokenizerSchema).max(32),
  model: modelSchema,
  template: templateSchema,
  truncateAt: z.enum(['left', 'right']),
  /** How a batch is filled up; null: the tokenizer does not say. */
  pad: z.strictObject({ id: idSchema, typeId: z.int().min(0).max(255), side: z.enum(['left', 'right']) }).nullable(),
});
export type Header = z.infer<typeof headerSchema>;

export const magic = 'popstok1';

/** The header of an artifact, and its arrays. */
export interface Artifact {
  readonly header: Header;
  readonly arrays: Arrays;
}

/** @throws {PopserveError} INVALID_ARGUMENT if the bytes are no tokenizer of this format */
export function readArtifact(bytes: Uint8Array): Artifact {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const view = new DataView(aligned.buffer, aligned.byteOffset, aligned.byteLength);
  const start = magic.length + 4;
  if (aligned.length < start || new TextDecoder().decode(aligned.subarray(0, magic.length)) !== magic) {
    throw invalid(`tokenizer: expected a file that begins with ${magic}`);
  }
  const end = start + view.getUint32(magic.length, true);
  if (end > aligned.length) throw invalid(`tokenizer: the header ends at ${end} of ${aligned.length} bytes`);
  const header = parse(headerSchema, parseText(aligned.subarray(start, end)), 'tokenizer');
  return { header, arrays: new Arrays(aligned.subarray(roundUp(end))) };
}

export function roundUp(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function parseText(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw invalid('tokenizer: the header is not JSON');
  }
}
