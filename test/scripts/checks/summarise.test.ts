import { expect, test } from 'vitest';
import { interleave } from '../../../scripts/checks/bench/interleave.ts';
import { pairedRatio, quantile, summarise } from '../../../scripts/checks/summarise.ts';

test('the median and the quartiles do not depend on the order', () => {
  expect(summarise([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 2, high: 4, count: 5 });
});

test('a quantile between two values lies between them', () => {
  expect(quantile([10, 20], 0.5)).toBe(15);
  expect(quantile([0, 10, 20, 30], 0.99)).toBeCloseTo(29.7);
});

test('numbers are sorted as numbers', () => {
  expect(summarise([9, 10, 200, 30, 4]).median).toBe(10);
});

test('no values are no measurement', () => {
  expect(() => summarise([])).toThrow('nothing was measured');
});

test('a paired ratio is not moved by rounds in which everything was slow', () => {
  expect(pairedRatio([1, 10, 100], [2, 20, 200])).toMatchObject({ median: 0.5, low: 0.5, high: 0.5 });
});

test('a ratio of unequal numbers of rounds is refused with both numbers', () => {
  expect(() => pairedRatio([1, 2], [1])).toThrow('got 2 and 1');
});

test('contestants take turns and every other round goes backwards', async () => {
  const order: string[] = [];
  const values = await interleave({ a: 1, b: 2 }, 3, async (contestant, name, round) => {
    order.push(name);
    return contestant * 10 + round;
  });
  expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
  expect(values).toEqual({ a: [10, 11, 12], b: [20, 21, 22] });
});
