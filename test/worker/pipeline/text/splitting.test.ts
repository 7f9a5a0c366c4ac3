// Where a text is cut: every pattern with every behaviour, as the Rust tokenizers do it.
import { describe, expect, test } from 'vitest';
import { tokenizerArtifact } from '../../../../scripts/publish/pipeline/tokenizer.ts';
import { readTokenizer } from '../../../../worker/pipeline/text/tokenizer.ts';
import { patternTexts } from '../../../../worker/pipeline/text/word-patterns.ts';
import { bertTokenizer } from '../../../harness/tokenizers/bert.ts';
import { rust, rustTokens } from '../../../harness/tokenizers/oracle.ts';
import { dice, drawText } from '../../../harness/tokenizers/texts.ts';

const behaviours = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
const short = [
  "It's 1234 o'clock,\r\n  isn’t it?  \n\n x",
  "WE'LL 'ſ I'VE\t\tgo 12 345,6",
  '  ',
  '\n',
  " '",
  '0x1F600 😀😀 …\r\r\n',
  'a  b   c ',
];

/** Words are unknown as a whole, so that the offsets are those of the pieces. */
function splitting(pre_tokenizer: unknown): Record<string, unknown> {
  const model = {
    type: 'WordPiece',
    unk_token: '[UNK]',
    max_input_chars_per_word: 100,
    continuing_subword_prefix: '##',
  };
  return bertTokenizer({
    normalizer: null,
    pre_tokenizer,
    post_processor: null,
    added_tokens: [],
    model: { ...model, vocab: { '[UNK]': 0 } },
  });
}

async function compare(source: Record<string, unknown>, count = 300): Promise<void> {
  const theirs = (rust as NonNullable<typeof rust>).Tokenizer.fromString(JSON.stringify(source));
  const tokenizer = readTokenizer(tokenizerArtifact(source, null, null).bytes);
  const random = dice(20261128);
  const texts = [...short, ...Array.from({ length: count }, () => drawText(random))];
  for (const text of texts) {
    const { ids, offsets } = tokenizer.encode(text, { maxLength: null, addSpecialTokens: true });
    const expected = await rustTokens(theirs, text);
    expect({ ids: [...ids], offsets: [...offsets] }, JSON.stringify(text)).toMatchObject({
      ids: expected.ids,
      offsets: expected.offsets,
    });
  }
}

describe.skipIf(rust === null)('pieces are those of the Rust tokenizers', () => {
  const patterns = Object.entries(patternTexts).map(([name, Regex]) => [name, { Regex }] as const);
  test.each([...patterns, ['white space', { Regex: '\\s+' }], ['a text', { String: '. ' }]] as const)(
    'cut at %s',
    { timeout: 60_000 },
    async (_, pattern) => {
      for (const behavior of behaviours) {
        for (const invert of [false, true]) {
          await compare(splitting({ type: 'Split', pattern, behavior, invert }), 100);
        }
      }
    },
  );

  test.each(behaviours)('punctuation %s', async (behavior) => {
    await compare(splitting({ type: 'Punctuation', behavior }));
  });

  test.each([
    ['digits together', { type: 'Digits', individual_digits: false }],
    ['digits alone', { type: 'Digits', individual_digits: true }],
    ['a delimiter', { type: 'CharDelimiterSplit', delimiter: '.' }],
    ['words', { type: 'Whitespace' }],
    [
      'bytes with a space before each',
      { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    ],
    ['bytes without words', { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }],
    ['Metaspace never', { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never', split: true }],
    ['Metaspace whole', { type: 'Metaspace', replacement: '_', prepend_scheme: 'always', split: false }],
    [
      'a sequence',
      {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: patternTexts.qwen2 }, behavior: 'Isolated', invert: false },
          { type: 'Digits', individual_digits: true },
          { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: false },
        ],
      },
    ],
  ])('%s', async (_, part) => {
    await compare(splitting(part));
  });

  test('added tokens of every kind', async () => {
    const token = (content: string, index: number, changes: Record<string, unknown>) => ({
      ...{
        id: 1 + index,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: false,
      },
      ...changes,
    });
    const added = [
      token('the', 0, { single_word: true }),
      token('[MASK]', 1, { lstrip: true, special: true }),
      token('[SEP]', 2, { rstrip: true }),
      token('Pump', 3, { normalized: true }),
      token('<s>', 4, { lstrip: true, rstrip: true }),
      token('<s></s>', 5, {}),
      token('É', 6, { normalized: true, single_word: true }),
    ];
    await compare(
      { ...splitting({ type: 'WhitespaceSplit' }), normalizer: bertTokenizer().normalizer, added_tokens: added },
      2000,
    );
  });
});
