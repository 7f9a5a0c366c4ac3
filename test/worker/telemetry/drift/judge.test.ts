// False alarms and detection at the default thresholds, on seeded windows; and what a verdict says.
import { describe, expect, it } from 'vitest';
import type { Baseline } from '../../../../registry/baseline.ts';
import { Random } from '../../../../scripts/random.ts';
import { CountingPlan } from '../../../../worker/telemetry/drift/counting-plan.ts';
import { judge, minimumRows, minimumSamples, type Verdict } from '../../../../worker/telemetry/drift/judge.ts';
import { type Layout, layoutOf } from '../../../../worker/telemetry/drift/layout.ts';
import { defaultThresholds } from '../../../../worker/telemetry/drift/settings.ts';
import { baselineOf, drawTable, manifestWith, somebody, tableSignature, tensorOf } from './baselines.ts';

interface World {
  readonly baseline: Baseline;
  readonly layout: Layout;
  readonly plan: CountingPlan;
}

function worldOf(random: Random, referenceRows: number): World {
  const baseline = baselineOf(tableSignature, drawTable(random, referenceRows), referenceRows);
  const plan = new CountingPlan(manifestWith(tableSignature, baseline), baseline);
  return { baseline, layout: layoutOf(baseline), plan };
}

function judgeRows({ layout, plan }: World, random: Random, rows: number, shift: number, places: number): Verdict {
  const table = drawTable(random, rows, shift);
  plan.count(
    somebody,
    [
      tensorOf('features', 'FP64', [rows, 5], table.features.elements),
      tensorOf('type', 'BYTES', [rows, 1], table.type.elements),
    ],
    [tensorOf('score', 'FP64', [rows, 1], table.score.elements)],
  );
  return judge(layout, plan.take(), defaultThresholds, places);
}

const isPast = ({ features }: Verdict) => features.some(({ past }) => past.length > 0);

describe('at the default thresholds', () => {
  it('at most 1 % of 1,000 windows of undrifted data have anything past a threshold', () => {
    let falseAlarms = 0;
    let judged = 0;
    const random = new Random(2026);
    // Baselines small and large, windows from the smallest that is judged on.
    for (const referenceRows of [500, 1000, 2000, 5000, 10_000]) {
      for (let draw = 0; draw < 10; draw++) {
        const world = worldOf(random, referenceRows);
        const least = minimumRows(world.layout, defaultThresholds, 1);
        for (const times of [1.2, 1.2, 1.2, 1.2, 1.2, 1.5, 1.5, 1.5, 1.5, 1.5, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4]) {
          const verdict = judgeRows(world, random, Math.ceil(least * times), 0, 1);
          if (verdict.judged) judged++;
          if (isPast(verdict)) falseAlarms++;
        }
      }
    }
    expect(judged).toBe(1000);
    expect(falseAlarms).toBeLessThanOrEqual(10);
  });

  it('a shift of one feature by half a standard deviation is past the threshold within 2,000 rows, whatever the seed', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      const world = worldOf(random, 5000);
      const verdict = judgeRows(world, random, 2000, 0.5, 3);
      const moved = verdict.features.filter(({ past }) => past.length > 0).map(({ feature }) => feature);
      expect(moved).toContain('features[0]');
      // The score follows the feature; nothing else has moved.
      expect(moved.filter((feature) => feature !== 'features[0]' && feature !== 'score')).toEqual([]);
    }
  });

  it('says nothing on fewer rows than the minimum, where noise alone could reach the threshold', () => {
    const random = new Random(1);
    const world = worldOf(random, 5000);
    const least = minimumRows(world.layout, defaultThresholds, 1);
    expect(least).toBeGreaterThan(200);
    expect(least).toBeLessThan(500);
    expect(judgeRows(world, random, Math.floor(least / 2), 3, 1)).toMatchObject({ judged: false });
    expect(isPast(judgeRows(world, random, Math.floor(least / 2), 3, 1))).toBe(false);
    expect(isPast(judgeRows(world, random, least * 2, 3, 1))).toBe(true);
  });

  it('asks for more rows the more bins, places and features there are, and the smaller the threshold is', () => {
    const { layout } = worldOf(new Random(1), 1000);
    expect(minimumRows(layout, defaultThresholds, 300)).toBeGreaterThan(minimumRows(layout, defaultThresholds, 1));
    expect(minimumSamples(20, defaultThresholds, 1e-4)).toBeGreaterThan(minimumSamples(10, defaultThresholds, 1e-4));
    expect(minimumSamples(10, { ...defaultThresholds, psi: 0.05 }, 1e-4)).toBe(
      // The limit of chi-squared with 9 degrees of freedom at 1e-4 is 33.72.
      Math.ceil(33.7199 / 0.05),
    );
  });
});

describe('a verdict', () => {
  it('tells missing values, values out of range and new categories apart', () => {
    const world = worldOf(new Random(3), 2000);
    const counts = (change: (features: Float64Array, type: string[]) => void) => {
      const table = drawTable(new Random(4), 1000);
      const features = table.features.elements as Float64Array;
      const type = table.type.elements as string[];
      change(features, type);
      world.plan.count(
        somebody,
        [tensorOf('features', 'FP64', [1000, 5], features), tensorOf('type', 'BYTES', [1000, 1], type)],
        [],
      );
      const verdict = judge(world.layout, world.plan.take(), defaultThresholds, 1);
      return Object.fromEntries(verdict.features.filter((f) => f.past.length > 0).map((f) => [f.feature, f.past]));
    };
    expect(counts(() => {})).toEqual({});
    const tenth = (change: (row: number) => void) => {
      for (let row = 0; row < 1000; row += 10) change(row);
    };
    expect(counts((features) => tenth((row) => (features[row * 5 + 2] = Number.NaN)))).toEqual({
      'features[2]': ['missing'],
    });
    expect(
      counts((features) => features.set(features.map((value) => (Number.isNaN(value) ? 0 : value)))),
    ).toMatchObject({
      'features[4]': expect.arrayContaining(['missing']),
    });
    expect(counts((features) => tenth((row) => (features[row * 5 + 2] = 7)))['features[2]']).toContain('outside');
    expect(counts((_, type) => tenth((row) => (type[row] = 'new'))).type).toContain('outside');
  });

  it('has no opinion on outputs that nobody asked for', () => {
    const world = worldOf(new Random(3), 2000);
    const table = drawTable(new Random(4), 1000);
    world.plan.count(somebody, [tensorOf('features', 'FP64', [1000, 5], table.features.elements)], []);
    const { features } = judge(world.layout, world.plan.take(), defaultThresholds, 1);
    expect(features.find(({ feature }) => feature === 'score')).toMatchObject({ samples: 0, psi: 0, past: [] });
  });
});
