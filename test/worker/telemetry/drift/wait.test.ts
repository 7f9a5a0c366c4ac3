// What an open window waits for: the review of windows and what is told of them go by the same.
import { expect, it } from 'vitest';
import { lackOf, waitOf } from '../../../../worker/telemetry/drift/wait.ts';
import { callersBySize } from '../../../../worker/telemetry/drift/without-one.ts';

const enough = 100;
const windowMs = 1000;
/** Buckets from 8 on are known callers. */
const callers = (...rows: [bucket: number, rows: number][]) =>
  rows.map(([bucket, count]) => ({ bucket, rows: count, counts: Float64Array.of(count) }));

function lack(place: string, own: ReturnType<typeof callers>, world = own) {
  const rows = own.reduce((sum, each) => sum + each.rows, 0);
  const window = { place, sinceMs: 5, requests: 1, rows, callers: own };
  return lackOf(window, enough, callersBySize(world, enough), windowMs);
}

it.each([
  ['rows', 'global', callers([8, 60]), undefined, { for: 'rows', have: 60, untilMs: 288_005, judgedThen: false }],
  ['nothing with one caller', 'global', callers([8, 100]), undefined, null],
  ['nothing with several', 'global', callers([8, 100], [9, 100]), undefined, null],
  [
    'callers beside one that sent nearly all',
    'global',
    callers([8, 500], [9, 30]),
    undefined,
    { for: 'callers', have: 30, untilMs: 12_005, judgedThen: true },
  ],
  [
    'callers where a stranger is alone at a PoP',
    'pop:SIN',
    callers([1, 500]),
    callers([1, 500], [9, 300]),
    { for: 'callers', have: 0, untilMs: 288_005, judgedThen: false },
  ],
] as const)('a window waits for %s', (_, place, own, world, expected) => {
  expect(lack(place, [...own], world && [...world])).toEqual(expected);
});

it('is told with the rows that are needed and the next look', () => {
  expect(waitOf(null, 400, enough, 77)).toEqual({
    ...{ for: 'time', have: 400, need: enough, lookMs: 77, untilMs: null, judgedThen: true },
  });
  const rows = { for: 'rows' as const, have: 6, untilMs: 9, judgedThen: false };
  expect(waitOf(rows, 6, enough, null)).toEqual({ ...rows, need: enough, lookMs: null });
});
