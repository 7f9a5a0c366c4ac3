// The flat arrays of a tokenizer's file: typed views on its bytes, checked before they are used.
import * as z from 'zod';
import { invalid } from '../../../registry/errors.ts';
import { Merges } from './merges.ts';
import { none, Vocabulary } from './vocabulary.ts';

/** Where an array lies: bytes from the end of the header, and elements. */
export const arraySchema = z.strictObject({ offset: z.int().min(0), length: z.int().min(0) });
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

/** Longer tokens would make a search of every place of a text slow. */
export const mostTokenBytes = 1024;

export const mergesSchema = z.strictObject({
  /** u32, one more than tokens. */
  firsts: arraySchema,
  /** i32, one for each merge; so are the next two. */
  rights: arraySchema,
  ranks: arraySchema,
  results: arraySchema,
});
export type MergesPlace = z.infer<typeof mergesSchema>;

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
    const labels = this.array(Uint8Array, place.labels, what);
    const firsts = this.array(Uint32Array, place.firsts, what);
    const ids = this.array(Int32Array, place.ids, what);
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
    if (depthOf(firsts) > mostTokenBytes) {
      throw invalid(`tokenizer: ${what}: a token has more than ${mostTokenBytes} bytes`);
    }
    return new Vocabulary(labels, firsts, ids);
  }

  /**
   * @param size tokens are below it
   * @throws {PopserveError} INVALID_ARGUMENT if the arrays do not belong together
   */
  merges(place: MergesPlace, size: number): Merges {
    const firsts = this.array(Uint32Array, place.firsts, 'merges');
    const [rights, ranks, results] = [place.rights, place.ranks, place.results].map((part) =>
      this.array(Int32Array, part, 'merges'),
    ) as [Int32Array, Int32Array, Int32Array];
    const count = rights.length;
    const isComplete = ranks.length === count && results.length === count && firsts.length === size + 1;
    if (
      !isComplete ||
      firsts[0] !== 0 ||
      firsts[size] !== count ||
      !ascends(firsts) ||
      !results.every((id) => id >= 0 && id < size)
    ) {
      throw invalid(`tokenizer: merges: the ${count} merges of ${size} tokens are out of order`);
    }
    return new Merges(firsts, rights, ranks, results);
  }

  /** @throws {PopserveError} INVALID_ARGUMENT if it lies outside the bytes */
  array<T>(
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

function ascends(numbers: Uint32Array): boolean {
  return numbers.every((number, index) => index === 0 || number >= (numbers[index - 1] ?? 0));
}

/** Levels of the trie below the root. */
function depthOf(firsts: Uint32Array): number {
  const nodes = firsts.length - 1;
  let depth = 0;
  // A level ends where the children of the level before it do.
  for (let end = 1; end < nodes; depth += 1) end = firsts[end] ?? nodes;
  return depth;
}
