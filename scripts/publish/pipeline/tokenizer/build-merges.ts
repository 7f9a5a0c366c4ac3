// Builds the merges of a byte-pair vocabulary (worker/pipeline/text/merges.ts): by left token, then by right token.
import { invalid } from '../../../../registry/errors.ts';

export interface MergeArrays {
  readonly firsts: Uint32Array;
  readonly rights: Int32Array;
  readonly ranks: Int32Array;
  readonly results: Int32Array;
}

export interface MergeOptions {
  readonly ids: ReadonlyMap<string, number>;
  /** Stands before tokens inside a word; a merge takes it off the right one. */
  readonly prefix: string;
  /** Ids are below it. */
  readonly size: number;
  readonly what: string;
}

interface Merge {
  readonly left: number;
  readonly right: number;
  readonly rank: number;
  readonly result: number;
}

/**
 * @param source in order of their rank: pairs, or both tokens with a space between them
 * @throws {PopserveError} INVALID_ARGUMENT for a merge of tokens, or into one, that the vocabulary has not
 */
export function buildMerges(
  source: readonly (string | readonly [string, string])[],
  options: MergeOptions,
): MergeArrays {
  const { ids, prefix, size, what } = options;
  const merges = new Map<number, Merge>();
  // Old files begin with a line of their version.
  const lines = source.filter((merge) => typeof merge !== 'string' || !merge.startsWith('#version'));
  for (const [rank, merge] of lines.entries()) {
    const [first, second, ...more] = typeof merge === 'string' ? merge.split(' ') : merge;
    if (first === undefined || second === undefined || more.length > 0) {
      throw invalid(
        `${what}: merge ${rank}: expected two tokens with a space between them, got '${String(merge).slice(0, 100)}'`,
      );
    }
    const idOf = (token: string) => {
      const id = ids.get(token);
      if (id === undefined) throw invalid(`${what}: merge ${rank}: '${token.slice(0, 100)}' is not in the vocabulary`);
      return id;
    };
    const [left, right] = [idOf(first), idOf(second)];
    // Of two merges of one pair the later one counts, as in the Rust tokenizers.
    merges.set(left * size + right, { left, right, rank, result: idOf(first + second.slice(prefix.length)) });
  }
  return toArrays([...merges.values()], size);
}

function toArrays(merges: Merge[], size: number): MergeArrays {
  merges.sort((one, other) => one.left - other.left || one.right - other.right);
  const firsts = new Uint32Array(size + 1);
  for (const { left } of merges) firsts[left + 1] = (firsts[left + 1] ?? 0) + 1;
  for (let token = 0; token < size; token += 1) firsts[token + 1] = (firsts[token + 1] ?? 0) + (firsts[token] ?? 0);
  return {
    firsts,
    rights: Int32Array.from(merges, ({ right }) => right),
    ranks: Int32Array.from(merges, ({ rank }) => rank),
    results: Int32Array.from(merges, ({ result }) => result),
  };
}
