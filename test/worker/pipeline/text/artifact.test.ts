// A tokenizer's file is checked before it is used: one that is damaged is refused, or tokenises in bounded time, but never more.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PopserveError } from '../../../../registry/errors.ts';
import { tokenizerArtifact } from '../../../../scripts/publish/pipeline/tokenizer.ts';
import { readTokenizer } from '../../../../worker/pipeline/text/tokenizer.ts';
import { bertTokenizer } from '../../../harness/tokenizers/bert.ts';
import { byteLevelTokenizer } from '../../../harness/tokenizers/byte-pair.ts';
import '../../../harness/property-seed.ts';
import { unigramTokenizer } from '../../../harness/tokenizers/unigram.ts';

const artifacts = [bertTokenizer(), byteLevelTokenizer(), unigramTokenizer('collapsing', 'metaspace')].map(
  (source) => tokenizerArtifact(source, null, null).bytes,
);

const text = 'The pump is overheating, isn’t it? 温度 é\u0323 [MASK] <mask>';

/** Reads and uses it; a refusal is fine. */
function use(bytes: Uint8Array): 'used' | 'refused' {
  try {
    const { ids, offsets } = readTokenizer(bytes).encode(text, { maxLength: 64, addSpecialTokens: true });
    expect(offsets).toHaveLength(2 * ids.length);
    return 'used';
  } catch (error) {
    expect(error).toBeInstanceOf(PopserveError);
    expect((error as PopserveError).code).toBe('INVALID_ARGUMENT');
    return 'refused';
  }
}

test('bytes that lie anywhere in a buffer are read', () => {
  for (const bytes of artifacts) {
    const moved = new Uint8Array(bytes.length + 3);
    moved.set(bytes, 3);
    expect(use(moved.subarray(3))).toBe('used');
  }
});

describe('damage is borne:', () => {
  test('any bytes changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.constantFrom(...artifacts), changes, (bytes, places) => {
        const damaged = bytes.slice();
        for (const [place, byte] of places) damaged[place % bytes.length] = byte;
        use(damaged);
      }),
      { numRuns: 500 },
    );
  });

  test('cut off anywhere', () => {
    fc.assert(
      fc.property(fc.constantFrom(...artifacts), fc.nat(), (bytes, length) => {
        // Up to seven bytes at the end are padding.
        expect(use(bytes.subarray(0, length % (bytes.length - 7)))).toBe('refused');
      }),
      { numRuns: 200 },
    );
  });

  test('a trie that leads back, in circles or out of its arrays', () => {
    const [bytes = new Uint8Array()] = artifacts;
    const start = Math.ceil((12 + new DataView(bytes.buffer).getUint32(8, true)) / 8) * 8;
    const header = JSON.parse(
      new TextDecoder().decode(bytes.subarray(12, 12 + new DataView(bytes.buffer).getUint32(8, true))),
    );
    const { firsts, ids } = header.model.vocabulary;
    for (const [array, node, value, message] of [
      [firsts, 5, 2, 'node 5 is out of order'],
      [firsts, 5, 1_000_000, 'node 5 is out of order'],
      [firsts, 0, 2, 'do not form one tree'],
      [ids, 3, 2_000_000, 'node 3 is out of order'],
      [ids, 3, 0xffff_fff0, 'node 3 is out of order'],
    ]) {
      const damaged = bytes.slice();
      new DataView(damaged.buffer).setUint32(start + array.offset + 4 * node, value, true);
      expect(() => readTokenizer(damaged)).toThrow(message);
    }
  });
});
