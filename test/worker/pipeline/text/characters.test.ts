// Each code point is classed, decomposed and lowered as the Rust tokenizers do it, whatever Unicode the runtime has.
import { describe, expect, test } from 'vitest';
import { tokenizerArtifact } from '../../../../scripts/publish/pipeline/tokenizer.ts';
import { AlignedText } from '../../../../worker/pipeline/text/aligned-text.ts';
import { Arrays } from '../../../../worker/pipeline/text/arrays.ts';
import { createNormalizer, type NormalizerSpec } from '../../../../worker/pipeline/text/normalizers.ts';
import { Pieces } from '../../../../worker/pipeline/text/pieces.ts';
import { createPreTokenizer, type PreTokenizerSpec } from '../../../../worker/pipeline/text/pre-tokenizers.ts';
import { readTokenizer } from '../../../../worker/pipeline/text/tokenizer.ts';
import { bertTokenizer } from '../../../harness/tokenizers/bert.ts';
import { rust } from '../../../harness/tokenizers/oracle.ts';

/** Code points that are many and all alike: ideographs, Hangul, private use, planes that are hardly in use. */
function isBulk(code: number): boolean {
  return (code >= 0x3400 && code < 0xa000) || (code >= 0xac00 && code < 0xf900) || code >= 0x20000;
}

/** All code points, of those that are alike one in 97, in texts of a few thousand: each between letters, so that none acts on another. */
function* allCharacters(): Generator<string> {
  let text = '';
  for (let code = 1; code < 0x110000; code += isBulk(code) ? 97 : 1) {
    if (code < 0xd800 || code > 0xdfff) text += `x${String.fromCodePoint(code)}y`;
    if (text.length < 12_288) continue;
    yield text;
    text = '';
  }
  yield text;
}

const noArrays = new Arrays(new Uint8Array(0));

function ours(spec: NormalizerSpec): (text: string) => string {
  const normalize = createNormalizer(spec, noArrays);
  return (text) => normalize(AlignedText.of(text)).text();
}

function oursSplit(spec: PreTokenizerSpec): (text: string) => string[] {
  const split = createPreTokenizer(spec);
  return (text) => {
    const aligned = AlignedText.of(text);
    const whole = new Pieces(aligned);
    whole.add(0, aligned.length);
    const pieces = split(whole);
    return Array.from({ length: pieces.length }, (_, index) => pieces.text.text(pieces.from(index), pieces.to(index)));
  };
}

const bert = { type: 'bert', clean: false, ideographs: false, stripAccents: false, lowercase: false } as const;

describe.skipIf(rust === null)('every code point', { timeout: 60_000 }, () => {
  const library = rust as NonNullable<typeof rust>;
  const plain = { cleanText: false, handleChineseChars: false, stripAccents: false, lowercase: false };
  test.each([
    ['is cleaned', library?.bertNormalizer({ ...plain, cleanText: true }), ours({ ...bert, clean: true })],
    [
      'is surrounded',
      library?.bertNormalizer({ ...plain, handleChineseChars: true }),
      ours({ ...bert, ideographs: true }),
    ],
    ['loses accents', library?.bertNormalizer({ ...plain, stripAccents: true }), ours({ ...bert, stripAccents: true })],
    ['is lowered', library?.lowercase(), ours({ type: 'lowercase' })],
    ['loses marks', library?.stripAccentsNormalizer(), ours({ type: 'strip-accents' })],
    ['takes the form NFC', library?.nfcNormalizer(), ours({ type: 'unicode', form: 'NFC' })],
    ['takes the form NFD', library?.nfdNormalizer(), ours({ type: 'unicode', form: 'NFD' })],
    ['takes the form NFKC', library?.nfkcNormalizer(), ours({ type: 'unicode', form: 'NFKC' })],
    ['takes the form NFKD', library?.nfkdNormalizer(), ours({ type: 'unicode', form: 'NFKD' })],
    ['is cleaned as SentencePiece does', library?.nmt(), ours({ type: 'nmt' })],
  ])('%s', (_, theirs, normalize) => {
    for (const text of allCharacters()) {
      if (normalize(text) !== theirs.normalizeString(text)) {
        for (const part of text.match(/x..?y/gsu) ?? [])
          expect(normalize(part), JSON.stringify(part)).toBe(theirs.normalizeString(part));
      }
    }
  });

  test.each([
    ['white space and punctuation', library?.bertPreTokenizer(), oursSplit({ type: 'bert' })],
    ['words', library?.whitespacePreTokenizer(), oursSplit({ type: 'words' })],
    ['digits', library?.digitsPreTokenizer(true), oursSplit({ type: 'digits', behaviour: 'isolated' })],
    [
      'bytes in words',
      library?.byteLevelPreTokenizer(false, true),
      oursSplit({ type: 'bytes', prepend: false, words: true }),
    ],
  ])('is cut by %s', (_, theirs, split) => {
    for (const text of allCharacters()) {
      const pieces = theirs.preTokenizeString(text).map(([piece]) => piece);
      // The comparison of long lists takes a hundred times as long.
      if (split(text).join('\0') !== pieces.join('\0')) expect(split(text)).toEqual(pieces);
    }
  });

  test('keeps its place among marks of every class', async () => {
    const source = bertTokenizer({ normalizer: { type: 'NFC' }, pre_tokenizer: { type: 'WhitespaceSplit' } });
    const theirs = library.Tokenizer.fromString(JSON.stringify(source));
    const tokenizer = readTokenizer(tokenizerArtifact(source, null, null).bytes);
    const marks = Array.from({ length: 0x20000 - 0x300 }, (_, index) => String.fromCodePoint(0x300 + index)).filter(
      (mark) => /\p{M}/u.test(mark),
    );
    for (const probe of ['\u0345', '\u0334', '\u0300', '\u0316', '\u302a', '\u05b0']) {
      const text = marks.map((mark) => `a${probe}${mark} a${mark}${probe}b e${mark}`).join(' ');
      const encoding = await theirs.encode(text, null, { addSpecialTokens: false });
      const { offsets } = tokenizer.encode(text, { maxLength: null, addSpecialTokens: false });
      expect([...offsets]).toEqual(encoding.getOffsets().flat());
    }
  });
});
