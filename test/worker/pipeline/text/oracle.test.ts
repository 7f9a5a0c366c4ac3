// Ids and offsets are those of the Rust tokenizers, text for text.
import { describe, expect, test } from 'vitest';
import { tokenizerArtifact } from '../../../../scripts/publish/pipeline/tokenizer.ts';
import { readTokenizer, type Tokenizer } from '../../../../worker/pipeline/text/tokenizer.ts';
import { bertTokenizer } from '../../../harness/tokenizers/bert.ts';
import { byteFallbackTokenizer, byteLevelTokenizer, suffixTokenizer } from '../../../harness/tokenizers/byte-pair.ts';
import { rust, rustTokens } from '../../../harness/tokenizers/oracle.ts';
import { dice, drawText } from '../../../harness/tokenizers/texts.ts';
import { unigramTokenizer } from '../../../harness/tokenizers/unigram.ts';
import { hasZoo, zooJson } from '../../../zoo/zoo.ts';

const seed = 20261128;

function ours(source: unknown): Tokenizer {
  return readTokenizer(tokenizerArtifact(source, null, null).bytes);
}

/** Compares so many drawn texts; the message of a failure shows the text. */
async function compare(source: Record<string, unknown>, count: number): Promise<void> {
  if (rust === null) return;
  const theirs = rust.Tokenizer.fromString(JSON.stringify(source));
  const tokenizer = ours(source);
  const random = dice(seed);
  for (let index = 0; index < count; index += 1) {
    const text = drawText(random);
    const expected = await rustTokens(theirs, text);
    const { ids, offsets, typeIds } = tokenizer.encode(text, { maxLength: null, addSpecialTokens: true });
    expect({ ids: [...ids], offsets: [...offsets], typeIds: [...typeIds] }, JSON.stringify(text)).toEqual(expected);
  }
}

describe.skipIf(rust === null)('tokens and offsets are those of the Rust tokenizers', () => {
  test('a small BERT', async () => {
    await compare(bertTokenizer(), 3000);
  });

  test.each([
    ['byte-level BPE', byteLevelTokenizer()],
    ['BPE with byte fallback', byteFallbackTokenizer()],
    ['BPE with a suffix', suffixTokenizer()],
    ['Unigram behind words', unigramTokenizer('sentencePiece', 'words')],
    ['Unigram behind Metaspace', unigramTokenizer('collapsing', 'metaspace')],
    ['Unigram with a first space and byte fallback', unigramTokenizer('albert', 'first', true)],
    ['Unigram of whole texts', unigramTokenizer('stripping', 'none')],
  ])('%s', { timeout: 120_000 }, async (_, source) => {
    await compare(source, 3000);
  });

  test.skipIf(!hasZoo)('BERT of 30,522 tokens', { timeout: 60_000 }, async () => {
    await compare(zooJson('minilm-l6-int8-RANDOM', 'tokenizer.json'), 10_000);
  });
});
