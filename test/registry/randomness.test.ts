import { expect, it } from 'vitest';
import { areComparable } from '../../registry/randomness.ts';

it('compares answers only if no version draws random numbers', () => {
  const random = { operators: [] };
  expect(areComparable({}, {})).toBe(true);
  expect(areComparable({ random }, {})).toBe(false);
  expect(areComparable({}, { random })).toBe(false);
});
