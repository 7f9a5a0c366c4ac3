// What reaches the terminal of texts that others chose.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, printableJson, printableLines } from '../../../scripts/cli/printable.ts';

const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test.each([
  ['an escape sequence', 'a\u001b[31mb', 'a\ufffd[31mb'],
  ['a title, as OSC writes it', '\u001b]0;title\u0007', '\ufffd]0;title\ufffd'],
  ['the same in C1', '\u009b31m \u009d0;x\u009c', '\ufffd31m \ufffd0;x\ufffd'],
  ['a line that is written over', 'all is well\r\u0008\u0008bad', 'all is well\ufffd\ufffd\ufffdbad'],
  [
    'marks of direction',
    '\u202eexe.txt\u202c \u2066x\u2069 \u200e\u061c',
    '\ufffdexe.txt\ufffd \ufffdx\ufffd \ufffd\ufffd',
  ],
  ['characters of no width', 'v\u200b1\u2060\ufeff', 'v\ufffd1\ufffd\ufffd'],
  ['ends of lines', 'one\ntwo\u2028three\u2029four\u0085', 'one\ufffdtwo\ufffdthree\ufffdfour\ufffd'],
  ['letters of all kinds', 'grün ☃ 中文 العربية עברית 😀', 'grün ☃ 中文 العربية עברית 😀'],
])('%s', (_, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('no text steers, and JSON stays the same value', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  fc.assert(
    fc.property(text, fc.dictionary(text, text), (line, value) => {
      expect(printable(line)).not.toMatch(steering);
      expect(printableLines(line).replaceAll('\n', '')).not.toMatch(steering);
      const json = printableJson(JSON.stringify(value, null, 2));
      expect(json.replaceAll('\n', '')).not.toMatch(steering);
      expect(JSON.parse(json)).toEqual(value);
    }),
  );
});
