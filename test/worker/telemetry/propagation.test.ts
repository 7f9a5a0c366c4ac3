// How a release spreads, against a plain computation from all that ever happened.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReleaseStatus, Serving } from '../../../registry/api/status.ts';
import {
  readPops,
  readRelease,
  recordRelease,
  recordReport,
  releasedAtMs,
} from '../../../worker/telemetry/propagation.ts';
import { countRows, openObject } from './sqlite.ts';
import { reportOf, servingOf } from './telemetry-object.ts';
import '../../harness/property-seed.ts';

const minuteMs = 60_000;

type Event = { atMs: number } & ({ released: number } | { pop: string; isolate: string; epoch: number });

/** The nth of so many percent of all: the smallest count that is at least the share. */
function plainStatus(events: readonly Event[]): ReleaseStatus | null {
  const epochs = events.map((event) => ('released' in event ? event.released : event.epoch));
  const epoch = Math.max(0, ...epochs);
  if (epoch === 0) return null;
  const first = events.find((event) => ('released' in event ? event.released : event.epoch) === epoch);
  const releasedAtMs = first?.atMs ?? 0;
  const reports = events.flatMap((event) => ('pop' in event ? [event] : []));
  const arrivals: number[] = [];
  let pops = 0;
  for (const pop of new Set(reports.map((report) => report.pop))) {
    const own = reports.filter((report) => report.pop === pop);
    const arrival = own.find((report) => report.epoch === epoch);
    if (arrival) arrivals.push(arrival.atMs - releasedAtMs);
    if (arrival || own.some(({ atMs }) => atMs >= releasedAtMs - 10 * minuteMs)) pops++;
  }
  arrivals.sort((a, b) => a - b);
  const reach = (percent: number) => {
    for (let count = 1; count <= arrivals.length; count++) {
      if (count * 100 >= percent * pops) return arrivals[count - 1] ?? null;
    }
    return null;
  };
  return {
    ...{ epoch, releasedAtMs, pops, reachedPops: arrivals.length },
    ...{ reach50Ms: reach(50), reach90Ms: reach(90), reach100Ms: reach(100) },
  };
}

/** All within a day: nothing is forgotten. */
const step = fc.record({
  pauseMs: fc.integer({ min: 0, max: 9 * minuteMs }),
  pop: fc.integer({ min: 0, max: 24 }),
  isolate: fc.integer({ min: 0, max: 1 }),
  /** 0: nothing new; else a route is written, and told or not. */
  released: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1, 2),
  lag: fc.constantFrom(0, 0, 0, 0, 1, 2),
});

it('50, 90 and 100 % are what a plain count of the PoPs gives', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), (steps) => {
      using sql = openObject();
      const events: Event[] = [];
      const epochs = new Map<string, number>();
      let [atMs, newest, sequence] = [1_000_000_000, 1, 0];
      for (const { pauseMs, pop, isolate: index, released, lag } of steps) {
        atMs += pauseMs;
        if (released > 0) newest++;
        if (released > 1) {
          events.push({ atMs, released: newest });
          recordRelease(sql, newest, atMs);
        }
        const isolate = `${pop}.${index}`;
        // An isolate never goes back.
        const epoch = Math.max(epochs.get(isolate) ?? 0, newest - lag);
        epochs.set(isolate, epoch);
        if (epoch === 0) continue;
        events.push({ atMs, pop: `P${pop}`, isolate, epoch });
        recordReport(sql, reportOf({ isolate, sequence: ++sequence, pop: `P${pop}`, epoch }), atMs);
        expect(readRelease(sql)).toEqual(plainStatus(events));
      }
    }),
    { numRuns: 100 },
  );
});

it('tells the shares of ten PoPs that a release reaches one by one', () => {
  using sql = openObject();
  const report = (pop: number, sequence: number, epoch: number, atMs: number) =>
    recordReport(sql, reportOf({ isolate: `i${pop}`, sequence, pop: `P${pop}`, epoch }), atMs);
  for (let pop = 1; pop <= 10; pop++) report(pop, 1, 1, 1000);
  recordRelease(sql, 2, 5000);
  const seen = [];
  for (let pop = 1; pop <= 10; pop++) {
    report(pop, 2, 2, 5000 + 100 * pop);
    const { reach50Ms, reach90Ms, reach100Ms } = readRelease(sql) ?? {};
    seen.push([reach50Ms, reach90Ms, reach100Ms]);
  }
  const not = null;
  expect(seen).toEqual([
    ...Array.from({ length: 4 }, () => [not, not, not]),
    ...Array.from({ length: 4 }, () => [500, not, not]),
    [500, 900, not],
    [500, 900, 1000],
  ]);
});

it('keeps what a PoP counted for that was forgotten since', () => {
  using sql = openObject();
  const report = (pop: string, atMs: number) => recordReport(sql, reportOf({ isolate: pop, sequence: 1, pop }), atMs);
  recordRelease(sql, 1, 1000);
  report('FRA', 1100);
  report('SIN', 25 * 60 * minuteMs);
  const lateMs = 25 * 60 * minuteMs - 1000;
  expect(readRelease(sql)).toMatchObject({ pops: 2, reach50Ms: 100, reach90Ms: lateMs, reach100Ms: lateMs });
});

it('tells of each PoP what its isolates serve, while they are heard of', () => {
  using sql = openObject();
  const held = { epoch: 9, reason: 'no room' };
  const report = (isolate: string, pop: string, sequence: number, serving: Partial<Serving>, atMs: number) =>
    recordReport(
      sql,
      { isolate, pop, sequence, serving: { ...servingOf(serving.epoch ?? 0), ...serving }, parts: {} },
      atMs,
    );
  report('a', 'FRA', 1, { epoch: 3, stable: '1' }, 1000);
  report('b', 'FRA', 1, { epoch: 2, stable: '0' }, 3000);
  report('c', 'FRA', 1, { epoch: 3, stable: '1', held }, 2000);
  report('d', 'ARN', 1, { epoch: 1 }, 500);
  const fra = {
    pop: 'FRA',
    epoch: 2,
    highestEpoch: 3,
    isolates: 3,
    stable: '0',
    canary: null,
    held,
    ahead: null,
    seenAtMs: 3000,
  };
  const arn = {
    pop: 'ARN',
    epoch: 1,
    highestEpoch: 1,
    isolates: 1,
    stable: '1',
    canary: null,
    held: null,
    ahead: null,
  };
  expect(readPops(sql, 500 + 10 * minuteMs)).toEqual([{ ...arn, seenAtMs: 500 }, fra]);
  expect(readPops(sql, 501 + 10 * minuteMs)).toEqual([fra]);
  // An isolate that moves on is counted once, by what it serves now.
  report('b', 'FRA', 2, { epoch: 4, stable: '2' }, 4000);
  expect(readPops(sql, 501 + 10 * minuteMs)).toEqual([
    { ...fra, epoch: 3, highestEpoch: 4, stable: '1', seenAtMs: 4000 },
  ]);
});

it('remembers isolates for a day, and releases of the last 50 epochs', () => {
  using sql = openObject();
  const dayMs = 24 * 60 * minuteMs;
  const report = (isolate: string, epoch: number, atMs: number) =>
    recordReport(sql, reportOf({ isolate, sequence: 1, pop: isolate, epoch }), atMs);
  report('old', 1, 1000);
  report('new', 1, 1000 + dayMs);
  expect(countRows(sql)).toMatchObject({ isolates: 2, releases: 1, reached: 2 });
  report('newer', 1, 1001 + dayMs);
  expect(countRows(sql)).toMatchObject({ isolates: 2, releases: 1, reached: 3 });
  for (let epoch = 2; epoch <= 50; epoch++) recordRelease(sql, epoch, 2000 + dayMs);
  expect(countRows(sql)).toMatchObject({ releases: 50, reached: 3 });
  expect(releasedAtMs(sql, 1)).toBe(1000);
  recordRelease(sql, 51, 3000 + dayMs);
  expect(countRows(sql)).toMatchObject({ releases: 50, reached: 0 });
  expect(releasedAtMs(sql, 1)).toBe(2000 + dayMs);
  expect(releasedAtMs(sql, 52)).toBeNull();
  // The route is known already when the first isolate reports it.
  recordRelease(sql, 51, 9000 + dayMs);
  expect(readRelease(sql)).toMatchObject({ epoch: 51, releasedAtMs: 3000 + dayMs });
});
