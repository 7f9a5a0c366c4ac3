// Writes the file that worker/pipeline/text/artifact.ts reads.
import { Arrays, type MergesPlace, type VocabularyPlace } from '../../../../worker/pipeline/text/arrays.ts';
import { type Header, headerSchema, magic, roundUp } from '../../../../worker/pipeline/text/artifact.ts';
import type { MergeArrays } from './build-merges.ts';
import { buildVocabulary } from './build-vocabulary.ts';

/** Collects the arrays behind the header. */
export class ArrayWriter {
  readonly #arrays: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  #end = 0;

  add(array: Uint8Array | Uint32Array | Int32Array | Float64Array): { offset: number; length: number } {
    const offset = this.#end;
    this.#arrays.push({ offset, bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) });
    this.#end = roundUp(offset + array.byteLength);
    return { offset, length: array.length };
  }

  addVocabulary(tokens: Iterable<readonly [string, number]>): VocabularyPlace {
    const { labels, firsts, ids } = buildVocabulary(tokens);
    return { labels: this.add(labels), firsts: this.add(firsts), ids: this.add(ids) };
  }

  addMerges({ firsts, rights, ranks, results }: MergeArrays): MergesPlace {
    return { firsts: this.add(firsts), rights: this.add(rights), ranks: this.add(ranks), results: this.add(results) };
  }

  /** The arrays that were added so far, for steps that are tried while the artifact is made. */
  arrays(): Arrays {
    const bytes = new Uint8Array(this.#end);
    for (const array of this.#arrays) bytes.set(array.bytes, array.offset);
    return new Arrays(bytes);
  }

  write(header: Header): Uint8Array {
    const text = new TextEncoder().encode(JSON.stringify(headerSchema.parse(header)));
    const start = roundUp(magic.length + 4 + text.length);
    const bytes = new Uint8Array(start + this.#end);
    bytes.set(new TextEncoder().encode(magic));
    new DataView(bytes.buffer).setUint32(magic.length, text.length, true);
    bytes.set(text, magic.length + 4);
    for (const array of this.#arrays) bytes.set(array.bytes, start + array.offset);
    return bytes;
  }
}
