import { expect, it } from 'vitest';
import { LineBudget } from '../../../worker/logging/line-budget.ts';

it('lets 20 lines in 10 seconds through, and says with the next how many were left out', () => {
  const clock = { nowMs: 0 };
  const budget = new LineBudget(() => clock.nowMs);
  for (let line = 0; line < 20; line++) expect(budget.take()).toBe(0);
  for (let line = 0; line < 5; line++) expect(budget.take()).toBeNull();
  clock.nowMs = 9999;
  expect(budget.take()).toBeNull();
  clock.nowMs = 10_000;
  expect(budget.take()).toBe(6);
  expect(budget.take()).toBe(0);
});
