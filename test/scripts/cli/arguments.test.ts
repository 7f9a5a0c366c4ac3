// Words of a command line that name what is kept.
import { expect, it } from 'vitest';
import { collectMetadata } from '../../../scripts/cli/arguments.ts';

it.each(['__proto__', 'constructor', 'prototype'])('metadata called %s is refused by its name', (name) => {
  expect(() => collectMetadata(`${name}=1`)).toThrow(
    `'${name}' is refused as a name, because JavaScript objects inherit it`,
  );
});

it('metadata has every other name, and the value is what follows the first =', () => {
  expect(collectMetadata('toString=a=b', { x: '1' })).toEqual({ x: '1', toString: 'a=b' });
});
