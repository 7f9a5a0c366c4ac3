import { expect, it } from 'vitest';
import type { DriftWait } from '../../registry/api/drift.ts';
import { describeWait } from '../../registry/drift-wait.ts';

const wait = { have: 160, need: 350, lookMs: 40_500, untilMs: null, judgedThen: true };

it.each<[string, DriftWait | null]>([
  ['160 of 350 rows, looked at in 41 s', { ...wait, for: 'rows' }],
  ['160 of 350 rows', { ...wait, for: 'rows', lookMs: null }],
  ['160 of 350 rows, looked at in 5 min', { ...wait, for: 'rows', lookMs: 300_000 }],
  ['400 of 350 rows, judged in 41 s', { ...wait, for: 'time', have: 400 }],
  ['400 of 350 rows, judged now', { ...wait, for: 'time', have: 400, lookMs: -5 }],
  [
    '160 of 350 rows of callers but the largest, judged without more in 60 min',
    { ...wait, for: 'callers', untilMs: 3_600_000 },
  ],
  [
    '160 of 350 rows of callers but the largest, given up in 24 h',
    { ...wait, for: 'callers', untilMs: 86_400_000, judgedThen: false },
  ],
  ['900 rows', null],
])('a window waits for %s', (text, waits) => {
  expect(describeWait({ sinceMs: 0, rows: 900, rowsOfOthers: 0, waits }, 0)).toBe(text);
});
