import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { withLargerSteps } from '../../../scripts/build/quick-config.ts';

test('the installed miniflare has the line that is changed, once and nothing else', () => {
  const source = readFileSync(createRequire(import.meta.url).resolve('miniflare'), 'utf8');
  const quick = withLargerSteps(source);
  expect(quick).not.toBe(source);
  expect(quick.replace('MIN_SINGLE_SEGMENT_GROWTH = 8388608;', 'MIN_SINGLE_SEGMENT_GROWTH = 4096;')).toBe(source);
});

test('a source without that line stays as it is', () => {
  expect(withLargerSteps('var GROWTH = 4096;')).toBe('var GROWTH = 4096;');
});
