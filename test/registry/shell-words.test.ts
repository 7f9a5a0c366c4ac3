import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellLine } from '../../registry/shell-words.ts';

test('quotes only the words that need it', () => {
  expect(shellLine(['npx', 'popserve', 'show', 'm', '--reason', "it's late"])).toBe(
    "npx popserve show m --reason 'it'\\''s late'",
  );
});

test('a shell reads the words back as they were', () => {
  const word = fc.string({ minLength: 1 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
      const read = execFileSync('sh', ['-c', `printf '%s\\0' ${shellLine(words)}`], { encoding: 'utf8' });
      expect(read.split('\0').slice(0, -1)).toEqual(words);
    }),
    { numRuns: 50 },
  );
});
