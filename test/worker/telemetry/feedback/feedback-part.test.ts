// Truths in the tables of an object: each answer once, whatever is sent again; what a guard makes of them.
import { describe, expect, test } from 'vitest';
import { Random } from '../../../../scripts/random.ts';
import type { Told } from '../../../../worker/telemetry/feedback/feedback-counter.ts';
import { feedbackCounts, feedbackPart } from '../../../../worker/telemetry/feedback/feedback-part.ts';
import { judged } from '../../../../worker/telemetry/feedback/judgement.ts';
import type { Side } from '../../../../worker/telemetry/sides.ts';
import { countRows, openObject } from '../sqlite.ts';

const dayMs = 86_400_000;
const today = 20_000;
let sequence = 0;

function told(side: Side, bucket: number, records: number, right: number, more: Partial<Told> = {}): Told {
  const version = side === 'canary' ? '2' : '1';
  return {
    ...{
      issuer: '0123456789ab',
      sequence: sequence++,
      expiresDay: today + 30,
      version,
      epoch: 5,
      side,
      pop: 'FRA',
      bucket,
    },
    counts: new Float64Array([records, right]),
    ...more,
  };
}

function open() {
  const sql = openObject();
  const at = (day: number) => ({
    pop: 'AMS',
    atMs: day * dayMs,
    keptAs: (epoch: number) => epoch,
    hear: () => undefined,
  });
  const rollout = { stable: '1', version: '2', sinceEpoch: 5, sinceMs: 0 };
  return {
    sql,
    apply: (data: readonly Told[], day = today) => feedbackPart.apply(sql, data, at(day)),
    drop: () => feedbackPart.measures?.accuracyDrop?.(sql, rollout) ?? null,
    records: () => feedbackCounts.totals(sql).map(({ version, callers }) => [version, callers[0]?.counts[0]]),
  };
}

test('an answer is counted once, however often and wherever it is told of, until its id has expired', () => {
  const { sql, apply, records } = open();
  const all = Array.from({ length: 20_000 }, (_, at) => told('stable', 3, 1, 1, { sequence: at * 3 }));
  apply(all);
  apply(all);
  const [first, ...others] = all;
  apply([...others.slice(0, 100), ...others.slice(0, 100)], today + 29);
  expect(records()).toEqual([['1', 20_000]]);
  // A bit for each id that was given: 60,000 of them are 8 KiB.
  expect(countRows(sql).feedback_seen).toBe(8);
  apply([told('stable', 3, 1, 1, { issuer: 'another'.padEnd(12, '0') })], today + 31);
  expect(countRows(sql).feedback_seen).toBe(0 + 1);
  expect(first).toBeDefined();
  sql[Symbol.dispose]();
});

describe('the drop of accuracy', () => {
  const spread = (side: Side, records: number, share: number) =>
    [8, 9, 10, 11].map((bucket) => told(side, bucket, records / 4, Math.round((records / 4) * share)));

  test('is measured where it is beyond noise, and only then', () => {
    const { apply, drop } = open();
    apply(spread('stable', 4000, 0.98));
    expect(drop()).toBeNull();
    apply(spread('canary', 400, 0.9));
    expect(drop()).toMatchObject({
      samples: 400,
      text: expect.stringMatching(
        /^90.0 % of 400 answers of 2 were right \(1: 98.0 % of 4000\), a drop of at least 0\.0\d+$/,
      ),
    });
    expect(drop()?.value).toBeGreaterThan(0.02);
    expect(drop()?.value).toBeLessThan(0.08);
  });

  test('no canary that is as good passes by chance, in a thousand looks', () => {
    const random = new Random(7);
    let passed = 0;
    for (let look = 0; look < 300; look++) {
      const { apply, drop } = open();
      const side = (name: Side, records: number) =>
        [8, 9, 10, 11].map((bucket) => {
          const right = Array.from({ length: records / 4 }, () => random.chance(0.95)).filter(Boolean).length;
          return told(name, bucket, records / 4, right);
        });
      apply([...side('stable', 400), ...side('canary', 100)]);
      if ((drop()?.value ?? 0) > 0) passed++;
    }
    expect(passed).toBeLessThanOrEqual(1);
  });

  test('one caller neither makes one nor hides one', () => {
    const liar = open();
    liar.apply([...spread('stable', 4000, 0.98), ...spread('canary', 400, 0.98), told('canary', 12, 50_000, 0)]);
    expect(liar.drop()?.value).toBe(0);
    const flatterer = open();
    flatterer.apply([
      ...spread('stable', 4000, 0.98),
      ...spread('canary', 400, 0.6),
      told('canary', 12, 50_000, 50_000),
    ]);
    expect(flatterer.drop()?.value).toBeGreaterThan(0.1);
  });
});

describe('a judgement', () => {
  const labels = { kind: 'labels' as const, values: ['1', null, 'cat'] };

  test('compares labels as they are written, and passes over what is not known', () => {
    expect(judged(labels, [1, 'x', 'dog'])).toEqual(new Float64Array([2, 1]));
    expect(judged(labels, [null, null, null])).toBeNull();
    expect(judged({ kind: 'labels', values: ['true'] }, true)).toEqual(new Float64Array([1, 1]));
  });

  test('refuses what the answer cannot be compared with', () => {
    expect(() => judged(labels, 1)).toThrow('truth: expected 3 for the records of the answer, got 1');
    expect(() => judged({ kind: 'numbers', values: [1] }, 'much')).toThrow(
      'truth: expected a number, as the model answers',
    );
  });

  test('bounds how far off a number can count', () => {
    const far = judged({ kind: 'numbers', values: [1] }, 1e308);
    expect(far?.reduce((sum, each) => sum + each, 0)).toBe(2);
    expect(far?.at(-1)).toBe(1);
    expect(judged({ kind: 'numbers', values: [1] }, 1)?.[1]).toBe(1);
  });
});
