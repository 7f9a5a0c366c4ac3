// The script of a text is that of most of its letters.
import { expect, test } from 'vitest';
import { mainScript } from '../../../worker/pipeline/scripts.ts';

test.each([
  ['The pump is hot', 'Latin'],
  ['Übergrößenträger', 'Latin'],
  ['Москва, Russia: столица', 'Cyrillic'],
  ['東京は日本の首都', 'Han'],
  ['ひらがな', 'Hiragana'],
  ['한국어', 'Hangul'],
  ['مرحبا بالعالم', 'Arabic'],
  ['ᏣᎳᎩ', 'Other'],
  ['123 … 🙂\ud800', ''],
  ['', ''],
])('%s', (text, script) => {
  expect(mainScript(text)).toBe(script);
});

test('is told by the first letters of a long text', () => {
  expect(mainScript('a'.repeat(300) + 'я'.repeat(1_000_000))).toBe('Latin');
});
