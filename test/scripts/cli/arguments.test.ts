// Words of a command line: names of what is kept, and numbers within their bounds.
import { expect, it } from 'vitest';
import {
  collectMetadata,
  parseBoxCount,
  parseCount,
  parseDriftWindow,
  parseEpoch,
  parseNumber,
  parsePercent,
  parsePositive,
  parseShare,
  parseTolerance,
} from '../../../scripts/cli/arguments.ts';

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

it.each([
  [parsePercent, '150', 'a number from 0 to 100'],
  [parsePercent, '-1', 'a number from 0 to 100'],
  [parsePercent, 'half', 'a number from 0 to 100'],
  [parsePercent, ' ', 'a number from 0 to 100'],
  [parseShare, '2', 'a number from 0 to 1'],
  [parseNumber, 'x', 'a number'],
  [parseTolerance, '-0.1', 'a number of 0 or more'],
  [parsePositive, '0', 'a number above 0'],
  [parseEpoch, '1.5', 'a whole number of 0 or more'],
  [parseCount, '0', 'a whole number of 1 or more'],
  [parseBoxCount, '1001', 'a whole number from 1 to 1000'],
  [parseDriftWindow, '4000', 'a number from 1 to 3600'],
])('a number out of its bounds is told both of them: %o of %j', (parse, text, expected) => {
  expect(() => parse(text)).toThrow(`expected ${expected}.`);
});
