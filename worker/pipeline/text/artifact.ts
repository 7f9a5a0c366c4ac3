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
import { normalizerSchema } from './normalizers.ts';
import { preTokenizerSchema } from './pre-tokenizers.ts';
import { templateSchema } from './template.ts';
import { none, Vocabulary } from './vocabulary.ts';

/** Where an array lies: bytes from the end of the header, and elements. */
const arraySchema = z.strictObject({ offset: z.int().min(0), length: z.int().min(0) });
type ArrayPlace = z.infer<typeof arraySchema>;

export const vocabularySchema = z.strictObject({
  /** One byte for each node but the root. */
  labels: arraySchema,
  /** u32, one more than nodes. */
  firsts: arraySchema,
  /** i32, one for each node. */
  ids: arraySchema,
});
export type VocabularyPlace = z.infer<typeof vocabularySchema>;

/** A generous bound for one vocabulary: XLM-R has 250,002. */
export const mostTokens = 1_048_576;
export const mostAddedTokens = 16_384;

const id = z.int().min(0).max(mostTokens);

export const modelSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('wordpiece'),
    vocabulary: vocabularySchema,
    unknownId: id,
    prefix: z.string().max(64),
    mostCharacters: z.int().min(1).max(1024),
  }),
]);
export type ModelSpec = z.infer<typeof modelSchema>;

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
  pad: z.strictObject({ id, typeId: z.int().min(0).max(255), side: z.enum(['left', 'right']) }).nullable(),
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

export class Arrays {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * @param size ids are below it
   * @throws {PopserveError} INVALID_ARGUMENT if the arrays are no trie: a walk could leave it, or not end
   */
  vocabulary(place: VocabularyPlace, what: string, size: number): Vocabulary {
    const labels = this.#array(Uint8Array, place.labels, what);
    const firsts = this.#array(Uint32Array, place.firsts, what);
    const ids = this.#array(Int32Array, place.ids, what);
    const nodes = ids.length;
    if (nodes === 0 || labels.length !== nodes || firsts.length !== nodes + 1) {
      throw invalid(
        `tokenizer: ${what}: expected ${nodes} labels and ${nodes + 1} firsts, got ${labels.length} and ${firsts.length}`,
      );
    }
    let previous = 1;
    for (let node = 0; node <= nodes; node += 1) {
      const first = firsts[node] ?? 0;
      const token = ids[node] ?? none;
      if (first < previous || first > nodes || (node < nodes && (first <= node || token < none || token >= size))) {
        throw invalid(`tokenizer: ${what}: node ${node} is out of order`);
      }
      previous = first;
    }
    if (firsts[0] !== 1 || previous !== nodes) throw invalid(`tokenizer: ${what}: the nodes do not form one tree`);
    return new Vocabulary(labels, firsts, ids);
  }

  #array<T>(
    kind: { new (buffer: ArrayBufferLike, offset: number, length: number): T; readonly BYTES_PER_ELEMENT: number },
    { offset, length }: ArrayPlace,
    what: string,
  ): T {
    if (offset % 8 !== 0 || offset + length * kind.BYTES_PER_ELEMENT > this.#bytes.length) {
      throw invalid(
        `tokenizer: ${what}: an array of ${length} at ${offset} lies outside the ${this.#bytes.length} bytes`,
      );
    }
    return new kind(this.#bytes.buffer, this.#bytes.byteOffset + offset, length);
  }
}
