import { expect, it } from 'vitest';
import { nextRoute } from '../../../registry/transition.ts';
import { isBehind } from '../../../worker/routing/lost-route.ts';

const context = { model: 'pump', actor: 'ann', at: new Date('2026-11-24T12:00:00Z') };
const first = nextRoute(null, { action: 'activate', version: '1' }, context);
const second = nextRoute(first, { action: 'activate', version: '2' }, context);

it('is behind where it is missing, older, or another route of the same epoch', () => {
  expect(isBehind(null, first)).toBe(true);
  expect(isBehind(first, second)).toBe(true);
  expect(isBehind(nextRoute(first, { action: 'activate', version: '3' }, context), second)).toBe(true);
});

it('is not behind where it is the same, however its members are ordered, or newer', () => {
  expect(isBehind(second, first)).toBe(false);
  expect(isBehind(Object.fromEntries(Object.entries(second).reverse()) as typeof second, second)).toBe(false);
});
