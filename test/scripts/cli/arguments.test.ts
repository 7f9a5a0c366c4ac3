// Words of a command line: names of what is kept, and numbers within their bounds.
import { expect, it } from 'vitest';
import { collectMetadata, parseDriftWindow } from '../../../scripts/cli/arguments.ts';

it.each(['__proto__', 'constructor', 'prototype'])('metadata called %s is refused by its name', (name) => {
  expect(() => collectMetadata(`${name}=1`)).toThrow(
    `'${name}' is refused as a name, because JavaScript objects inherit it`,
  );
});

it('metadata has every other name, and the value is what follows the first =', () => {
  expect(collectMetadata('toString=a=b', { x: '1' })).toEqual({ x: '1', toString: 'a=b' });
});

it.each(['1', '10', '0.5e1', '3600'])('a window of drift may last %s seconds', (text) => {
  expect(parseDriftWindow(text)).toBe(Number(text));
});

it.each(['0', '0.1', '3601', '-1', '', 'ten'])("a window of drift does not last '%s' seconds", (text) => {
  expect(() => parseDriftWindow(text)).toThrow();
});
