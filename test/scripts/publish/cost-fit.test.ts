import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitCost, largestPassing } from '../../../scripts/publish/cost-fit.ts';

const sizes = [8, 64, 512, 4096, 32_768];

describe('the fit of costs', () => {
  it.each<[string, (n: number) => number]>([
    ['constant', () => 5],
    ['linear', (n) => 2 + n / 100],
    ['quadratic', (n) => 1 + n / 1000 + (n / 1000) ** 2],
    ['to the power of one and a half', (n) => (n / 500) ** 1.5],
  ])('finds a cost that is %s, eight times beyond the largest run', (_, cost) => {
    const curve = fitCost(sizes.map((elements) => ({ elements, cost: cost(elements) })));
    for (const elements of [...sizes, 262_144]) expect(curve(elements) / cost(elements)).toBeCloseTo(1, 0);
    expect(curve(32_768)).toBeGreaterThanOrEqual(cost(32_768));
  });

  it('never falls, and is nowhere below the largest run that it was made from', () => {
    const point = fc.record({
      elements: fc.integer({ min: 1, max: 1_000_000 }),
      cost: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 12 }), (points) => {
        const curve = fitCost(points);
        const largest = points.reduce((best, each) => (each.elements >= best.elements ? each : best));
        expect(curve(largest.elements)).toBeGreaterThanOrEqual(largest.cost * (1 - 1e-9));
        const course = [1, 10, 1000, 100_000, 10_000_000].map(curve);
        expect(course).toEqual(course.toSorted((a, b) => a - b));
        expect(course.every((cost) => Number.isFinite(cost) && cost >= 0)).toBe(true);
      }),
    );
  });
});

describe('the largest number that passes', () => {
  it('is found wherever it lies', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.nat(2000), (from, more, last) => {
        const found = largestPassing(from, from + more, (value) => value <= last);
        expect(found).toBe(Math.max(from, Math.min(from + more, last)));
      }),
    );
  });
});
