// Pools of readings: fixed by their seed, and alike enough that only a change looks like one.
import { describe, expect, it } from 'vitest';
import { csvOf, drawPool, ReadingStream } from '../../../scripts/demo/readings.ts';
import { changed, usual } from '../../../scripts/demo/story/plan.ts';

const pool = { seed: 1, purpose: 'live', machines: 300, rows: 3000, conditions: usual } as const;

const airOf = (options: Parameters<typeof drawPool>[0]) => drawPool(options).map((row) => row.airTemperatureK);

/** Largest distance of the two distribution functions (Kolmogorov and Smirnov). */
function distance(left: readonly number[], right: readonly number[]): number {
  const below = (values: readonly number[], at: number) => values.filter((value) => value <= at).length / values.length;
  return Math.max(...left.map((at) => Math.abs(below(left, at) - below(right, at))));
}

describe('a pool of readings', () => {
  it('is the same for the same seed and another for another purpose', () => {
    expect(drawPool(pool)).toEqual(drawPool(pool));
    expect(drawPool({ ...pool, purpose: 'test' })).not.toEqual(drawPool(pool));
    expect(drawPool(pool)).toHaveLength(3000);
  });

  it('is distributed as any other under the same conditions, in its first rows as well', () => {
    const other = airOf({ ...pool, index: 1 });
    expect(distance(airOf(pool), other)).toBeLessThan(0.08);
    expect(distance(airOf(pool).slice(0, 500), other)).toBeLessThan(0.12);
    expect(distance(airOf({ ...pool, conditions: changed }), other)).toBeGreaterThan(0.9);
  });

  it('goes on as a stream without end', () => {
    const stream = new ReadingStream((index) => drawPool({ ...pool, index, rows: 100 }));
    const rows = Array.from({ length: 5 }, () => stream.next(40)).flat();
    expect(rows).toHaveLength(200);
    expect(rows.slice(0, 80)).toEqual(drawPool({ ...pool, rows: 100 }).slice(0, 80));
    expect(rows.slice(80, 160)).toEqual(drawPool({ ...pool, index: 1, rows: 100 }).slice(0, 80));
  });

  it('is written with the truth in a column of its own', () => {
    const [header, first] = csvOf(drawPool({ ...pool, rows: 300 })).split('\n');
    expect(header).toBe('type,air_temperature,process_temperature,rotational_speed,torque,tool_wear,failure');
    expect(first).toMatch(/^[LMH],[\d.]+,[\d.]+,\d+,[\d.]+,\d+,[01]$/);
  });
});
