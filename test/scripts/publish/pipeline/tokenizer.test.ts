// What is made of a Hub folder's tokenizer files, and what is refused, by name and with what is supported.
import { describe, expect, test } from 'vitest';
import { tokenizerArtifact } from '../../../../scripts/publish/pipeline/tokenizer.ts';
import { readTokenizer } from '../../../../worker/pipeline/text/tokenizer.ts';
import { bertTokenizer, bertVocabulary } from '../../../harness/tokenizers/bert.ts';
import { byteFallbackTokenizer, byteLevelTokenizer } from '../../../harness/tokenizers/byte-pair.ts';
import { unigramTokenizer } from '../../../harness/tokenizers/unigram.ts';

type Json = Record<string, unknown>;

const made = (source: unknown, config: unknown = null, map: unknown = null) => tokenizerArtifact(source, config, map);

describe('an artifact', () => {
  test.each([
    ['WordPiece', bertTokenizer()],
    ['BPE', byteLevelTokenizer()],
    ['Unigram', unigramTokenizer('sentencePiece', 'words')],
  ])('is described: %s', (kind, source) => {
    expect(made(source).describe).toBe(`${kind}, ${sizeOf(source)} tokens`);
  });

  test('is the same for the same files', () => {
    expect(made(byteLevelTokenizer()).bytes).toEqual(made(byteLevelTokenizer()).bytes);
  });

  test('of files that do not name the kind of their model is made as well', () => {
    for (const source of [bertTokenizer(), byteLevelTokenizer(), unigramTokenizer('albert', 'none')]) {
      const { type: _, ...model } = source.model as Json;
      expect(made({ ...source, model }).bytes).toEqual(made(source).bytes);
    }
  });

  test.each([
    [null, null, null],
    [{ max_length: 128, direction: 'Right' }, null, 128],
    [{ max_length: 512, direction: 'Right' }, 256, 256],
    [null, 512, 512],
    [null, 1e30, null],
  ])('with truncation %o and model_max_length %s takes %s tokens', (truncation, model_max_length, expected) => {
    expect(made(bertTokenizer({ truncation }), { model_max_length }).maxLength).toBe(expected);
  });

  test.each([
    ['nothing', {}, null, null, null],
    [
      'padding',
      { padding: { direction: 'Left', pad_id: 3, pad_type_id: 1 } },
      null,
      null,
      { id: 3, typeId: 1, side: 'left' },
    ],
    ['pad_token', {}, { pad_token: '[PAD]', padding_side: 'left' }, null, { id: 0, typeId: 0, side: 'left' }],
    [
      'an object',
      {},
      { pad_token: { content: '[MASK]' }, pad_token_type_id: 2 },
      null,
      { id: 4, typeId: 2, side: 'right' },
    ],
    ['special_tokens_map.json', {}, null, { pad_token: 'the' }, { id: bertVocabulary().the, typeId: 0, side: 'right' }],
  ])('fills up batches as %s says', (_, changes, config, map, pad) => {
    expect(readTokenizer(made(bertTokenizer(changes), config, map).bytes).pad).toEqual(pad);
  });
});

describe('is refused by name:', () => {
  const bert = (member: string, part: unknown) => bertTokenizer({ [member]: part });
  const model = (source: Json, changes: Json) => ({ ...source, model: { ...(source.model as Json), ...changes } });
  const bytes = byteLevelTokenizer();
  const added = (changes: Json) => bert('added_tokens', [{ id: 132, content: '<new>', ...changes }]);
  const size = Object.keys(bertVocabulary()).length;
  const split = (Regex: string) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false });

  test.each<[string, unknown, string]>([
    [
      'an unknown model',
      model(bertTokenizer(), { type: 'WordLevel' }),
      'model WordLevel is not supported; expected one of WordPiece, BPE, Unigram',
    ],
    [
      'an unknown normalizer',
      bert('normalizer', { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Magic' }] }),
      'normalizer Magic is not supported; expected one of BertNormalizer, NFC',
    ],
    [
      'an unknown pre-tokenizer',
      bert('pre_tokenizer', { type: 'UnicodeScripts' }),
      'pre_tokenizer UnicodeScripts is not supported; expected one of BertPreTokenizer',
    ],
    [
      'an unknown post-processor',
      bert('post_processor', { type: 'Magic' }),
      'post_processor Magic is not supported; expected one of BertProcessing',
    ],
    [
      "a stranger's regular expression",
      bert('pre_tokenizer', split('(a+)+$')),
      'regular expression (a+)+$ is not supported; expected a text or one of',
    ],
    [
      'a regular expression in a normalizer',
      bert('normalizer', { type: 'Replace', pattern: { Regex: '(x*)*y' }, content: '' }),
      'regular expression (x*)*y is not supported',
    ],
    [
      'two tokens with one id',
      model(bertTokenizer(), { vocab: { '[UNK]': 0, a: 1, b: 1 } }),
      "'a' and 'b' have one id, 1",
    ],
    ['a huge id', model(bertTokenizer(), { vocab: { '[UNK]': 2 ** 31 } }), 'vocab'],
    [
      'a token that is no text',
      model(bertTokenizer(), { vocab: { '[UNK]': 0, '\ud800': 1 } }),
      'token 1 has half of a surrogate pair',
    ],
    [
      'a very long token',
      model(bertTokenizer(), { vocab: { '[UNK]': 0, ['a'.repeat(2000)]: 1 } }),
      'token 1 has 2000 bytes, the limit is 1024',
    ],
    [
      'a vocabulary without its unknown token',
      model(bertTokenizer(), { vocab: { a: 0 } }),
      "unk_token '[UNK]' is not in the vocabulary",
    ],
    ['an empty vocabulary', model(bytes, { vocab: {}, merges: [] }), 'the vocabulary is empty'],
    ['dropout', model(bytes, { dropout: 0.1 }), 'dropout 0.1 gives other tokens each time'],
    ['a merge of unknown tokens', model(bytes, { merges: ['zz qq'] }), "merge 0: 'zz' is not in the vocabulary"],
    [
      'a merge of three',
      model(bytes, { merges: ['a b c'] }),
      "merge 0: expected two tokens with a space between them, got 'a b c'",
    ],
    ['merges that are none', model(bytes, { merges: [1, 2] }), 'model BPE: merges'],
    [
      'byte fallback with a suffix',
      model(byteFallbackTokenizer(), { end_of_word_suffix: '</w>' }),
      'byte_fallback beside continuing_subword_prefix',
    ],
    [
      'Unigram without an unknown token',
      model(unigramTokenizer('albert', 'none'), { unk_id: null }),
      'expected unk_id to be one of',
    ],
    [
      'compiled rules that are cut off',
      bert('normalizer', { type: 'Precompiled', precompiled_charsmap: 'AAEAAAAA' }),
      'expected a trie of 256 bytes in precompiled_charsmap, which has 6 bytes',
    ],
    [
      'an added token with an id of its own',
      added({ id: 7000 }),
      `added token '<new>' has id 7000, its place in the vocabulary is ${size}`,
    ],
    [
      'an added token twice',
      bert('added_tokens', [
        { id: 0, content: '[PAD]' },
        { id: 0, content: '[PAD]' },
      ]),
      "added token '[PAD]' is there twice",
    ],
    ['a very long added token', added({ content: 'a'.repeat(300) }), 'has 300 characters, the limit is 256'],
    [
      'a template without its text',
      bert('post_processor', { type: 'TemplateProcessing', single: [], special_tokens: {} }),
      "expected one sequence A in 'single', got none",
    ],
    [
      'a template with a token that it does not have',
      bert('post_processor', {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '[X]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        special_tokens: {},
      }),
      "'[X]' is not among its special_tokens",
    ],
    [
      'post-processors in an order of their own',
      bert('post_processor', {
        type: 'Sequence',
        processors: [{ type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] }, { type: 'ByteLevel' }],
      }),
      'expected ByteLevel and one that adds tokens, got BertProcessing, ByteLevel',
    ],
    [
      'Metaspace that contradicts itself',
      bert('pre_tokenizer', { type: 'Metaspace', replacement: '▁', add_prefix_space: false, prepend_scheme: 'always' }),
      'add_prefix_space is false and prepend_scheme is always',
    ],
    ['a list', [], 'tokenizer.json'],
    ['a text', 'tokenizer', 'tokenizer.json'],
  ])('%s', (_, source, message) => {
    const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) });
    expect(() => made(source)).toThrow(refusal);
  });

  test('a vocabulary that does not fit', () => {
    const vocab = Array.from({ length: 150_000 }, (_, id): [string, number] => [`${id * 7919}`.padEnd(32, 'ab'), -1]);
    expect(() => made({ ...model(unigramTokenizer('albert', 'none'), { vocab }), added_tokens: [] })).toThrow(
      /^tokenizer\.json: Unigram, 150,000 tokens: the tokenizer takes \d+\.\d MiB, the limit is 24\.0 MiB; a vocabulary/,
    );
  });

  test('a pad token that is not in the vocabulary', () => {
    expect(() => made(bertTokenizer(), { pad_token: '<none>' })).toThrow("pad_token '<none>' is not in the vocabulary");
  });
});

function sizeOf({ model, added_tokens }: Json): number {
  const { vocab } = model as { vocab: Record<string, number> | [string, number][] };
  const tokens = Array.isArray(vocab) ? vocab.map(([token]) => token) : Object.keys(vocab);
  return new Set([...tokens, ...(added_tokens as { content: string }[]).map(({ content }) => content)]).size;
}
