import { describe, expect, it } from 'vitest';
import { Random } from '../../scripts/random.ts';

const draws = (random: Random, count: number, draw: (random: Random) => number) =>
  Array.from({ length: count }, () => draw(random));

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('seeded random numbers', () => {
  it('are the same for the same seed and others for the next', () => {
    const first = draws(new Random(7), 100, (random) => random.uniform());
    expect(draws(new Random(7), 100, (random) => random.uniform())).toEqual(first);
    const next = draws(new Random(8), 100, (random) => random.uniform());
    expect(next.filter((value, i) => value === first[i])).toEqual([]);
  });

  it('fill [0, 1) evenly', () => {
    const counts = new Array(10).fill(0);
    for (const value of draws(new Random(1), 100_000, (random) => random.uniform())) counts[Math.floor(value * 10)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  it('have the mean and standard deviation asked for', () => {
    const values = draws(new Random(2), 100_000, (random) => random.normal(40, 10));
    expect(mean(values)).toBeCloseTo(40, 0);
    expect(Math.sqrt(mean(values.map((value) => (value - 40) ** 2)))).toBeCloseTo(10, 0);
  });

  it('pick keys by weight, never one of weight 0', () => {
    const random = new Random(3);
    const picked = Array.from({ length: 10_000 }, () => random.pick({ L: 50, M: 0, H: 25 }));
    expect(picked).not.toContain('M');
    expect(picked.filter((key) => key === 'L').length / 10_000).toBeCloseTo(2 / 3, 1);
    expect(() => random.pick({ L: 0 })).toThrow('expected positive weights, got {"L":0}');
  });
});
