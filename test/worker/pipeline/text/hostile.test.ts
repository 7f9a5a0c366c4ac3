// Texts that are made to cost: no step takes more than a time in proportion to them, and what they were cut to is told.
import { expect, test } from 'vitest';
import { tokenizerArtifact } from '../../../../scripts/publish/pipeline/tokenizer.ts';
import { readTokenizer } from '../../../../worker/pipeline/text/tokenizer.ts';
import { bertTokenizer } from '../../../harness/tokenizers/bert.ts';
import { byteFallbackTokenizer, byteLevelTokenizer, suffixTokenizer } from '../../../harness/tokenizers/byte-pair.ts';
import { unigramTokenizer } from '../../../harness/tokenizers/unigram.ts';

/** The most that a Worker can be set to take of one request. */
const most = 131_072;

const texts: readonly (readonly [string, string])[] = [
  ['one letter', 'a'],
  ['a word of many letters', 'heating'],
  ['spaces', ' '],
  ['full stops', '.'],
  ['marks of two classes', '\u0301\u0323'],
  ['halves of surrogate pairs', '\ud800'],
  ['NUL', '\0'],
  ['text from right to left', '\u202eאב '],
  ['Hangul', '각'],
  ['ideographs', '温'],
  ['emoji of several parts', '👩‍👩‍👧'],
  ['added tokens', '[SEP]'],
  ['added tokens behind spaces', ' <mask>'],
  ['line ends', '\r\n'],
  ['letters with marks', 'e\u0301'],
  ['Devanagari', 'हिन्दी '],
];

const kinds = {
  WordPiece: bertTokenizer(),
  'byte-level BPE': byteLevelTokenizer(),
  'BPE with byte fallback': byteFallbackTokenizer(),
  'BPE with a suffix': suffixTokenizer(),
  'Unigram of words': unigramTokenizer('sentencePiece', 'words'),
  'Unigram of whole texts': unigramTokenizer('albert', 'first', true),
};

test.each(Object.entries(kinds))('%s takes time in proportion to a text', { timeout: 120_000 }, (_, source) => {
  const tokenizer = readTokenizer(tokenizerArtifact(source, null, null).bytes);
  const options = { maxLength: 512, addSpecialTokens: true };
  for (const [what, unit] of texts) {
    const text = unit.repeat(Math.ceil(most / Buffer.byteLength(unit)));
    const started = process.cpuUsage();
    const encoding = tokenizer.encode(text, options);
    const { user, system } = process.cpuUsage(started);
    // A quadratic step would take minutes.
    expect((user + system) / 1e6, what).toBeLessThan(10);
    expect(encoding.ids.length, what).toBeLessThanOrEqual(512);
    expect(encoding.truncated, what).toBe(encoding.total > 512);
    expect(encoding.offsets, what).toHaveLength(2 * encoding.ids.length);
  }
});

test('a text of characters that stand for phrases is refused once it has grown eightfold', () => {
  const tokenizer = readTokenizer(tokenizerArtifact(unigramTokenizer('stripping', 'none'), null, null).bytes);
  const options = { maxLength: null, addSpecialTokens: true };
  expect(tokenizer.encode('\ufdfa', options).offsets.slice(2, 4)).toEqual(Int32Array.of(0, 1));
  expect(() => tokenizer.encode('\ufdfa'.repeat(10_000), options)).toThrow(
    'tokenise: the text has more than 84096 code points once it is normalised; send less at once',
  );
  expect(tokenizer.encode('the pump', options).ids.length).toBeGreaterThan(2);
});

test('tokens beyond the length are counted and cut off where the folder says', () => {
  const text = 'the pump is over the pump is over';
  for (const [side, kept] of [
    ['right', [0, 3]],
    ['left', [26, 28]],
  ] as const) {
    const tokenizer = readTokenizer(tokenizerArtifact(bertTokenizer(), { truncation_side: side }, null).bytes);
    const whole = tokenizer.encode(text, { maxLength: 10, addSpecialTokens: true });
    expect([whole.ids.length, whole.truncated, whole.total]).toEqual([10, false, 10]);
    const cut = tokenizer.encode(text, { maxLength: 4, addSpecialTokens: true });
    expect([cut.ids.length, cut.truncated, cut.total]).toEqual([4, true, 10]);
    expect([...cut.special]).toEqual([1, 0, 0, 1]);
    expect([...cut.offsets.slice(2, 4)]).toEqual(kept);
    expect(tokenizer.encode(text, { maxLength: 1, addSpecialTokens: true }).ids).toHaveLength(2);
  }
});

test('unknown tokens are counted', () => {
  const tokenizer = readTokenizer(tokenizerArtifact(bertTokenizer(), null, null).bytes);
  expect(tokenizer.encode('the ☃ pump ☃☃ [UNK]', { maxLength: null, addSpecialTokens: true }).unknown).toBe(3);
});
