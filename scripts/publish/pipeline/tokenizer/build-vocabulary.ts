// Builds the trie of a vocabulary (worker/pipeline/text/vocabulary.ts): nodes by depth, the children of one side by side.
import { none } from '../../../../worker/pipeline/text/vocabulary.ts';

export interface VocabularyArrays {
  readonly labels: Uint8Array;
  readonly firsts: Uint32Array;
  readonly ids: Int32Array;
}

/** @param tokens each once, with the number to find it by */
export function buildVocabulary(tokens: Iterable<readonly [string, number]>): VocabularyArrays {
  const encoder = new TextEncoder();
  const entries = Array.from(tokens, ([token, id]) => ({ bytes: encoder.encode(token), id }));
  entries.sort((left, right) => compareBytes(left.bytes, right.bytes));
  const labels: number[] = [0];
  const firsts: number[] = [];
  const ids: number[] = [];
  // The entries that go through each node; the node's depth is the number of bytes that they share.
  let level = [{ from: 0, to: entries.length }];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: { from: number; to: number }[] = [];
    for (const { from, to } of level) {
      const ends = from < to && entries[from]?.bytes.length === depth;
      ids.push(ends ? (entries[from]?.id ?? none) : none);
      firsts.push(labels.length);
      for (let start = ends ? from + 1 : from; start < to; ) {
        const byte = entries[start]?.bytes[depth] ?? 0;
        let end = start + 1;
        while (end < to && entries[end]?.bytes[depth] === byte) end += 1;
        labels.push(byte);
        next.push({ from: start, to: end });
        start = end;
      }
    }
    level = next;
  }
  firsts.push(labels.length);
  return { labels: Uint8Array.from(labels), firsts: Uint32Array.from(firsts), ids: Int32Array.from(ids) };
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
