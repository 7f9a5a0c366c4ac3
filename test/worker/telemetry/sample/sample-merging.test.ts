// Samples of isolates put together: uniform over all rows of a window, the same set in any split and order, and bounded.
import '../../../harness/property-seed.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../../scripts/random.ts';
import type { SampleReport } from '../../../../worker/telemetry/sample/input-sampler.ts';
import { Reservoir } from '../../../../worker/telemetry/sample/reservoir.ts';
import {
  countSample,
  deleteSample,
  pruneSample,
  sampleExpiresMs,
} from '../../../../worker/telemetry/sample/sample-part.ts';
import { SampleDatabase } from './sample-database.ts';

interface Row {
  id: number;
  version: string;
  pop: string;
}

/** A report of rows that are known by their numbers. */
function reportOf(size: number, tags: readonly (readonly [id: number, tag: number])[], changes: object = {}) {
  const rows = tags.map(([id, tag]) => ({
    tag,
    item: { atMs: 5, features: `{"id":${id}}`, prediction: '{}' },
  }));
  const window = { version: '1', fromMs: 1000, toMs: 2000, seen: rows.length, skipped: 0, rows, ...changes };
  return { region: null, size, keptMs: 3000, windows: [window] } satisfies SampleReport;
}

const idsOf = (database: SampleDatabase) =>
  database
    .rows<Row>()
    .map(({ id }) => id)
    .sort((a, b) => a - b);

describe('a reservoir', () => {
  test('holds the k smallest tags of whatever came, and hands each item out once', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(60),
        (tags, size, cut) => {
          const reservoir = new Reservoir<number>(size);
          for (const tag of tags.slice(0, cut)) reservoir.add(tag, tag);
          const first = reservoir.take().map(({ item }) => item);
          for (const tag of tags.slice(cut)) reservoir.add(tag, tag);
          const second = reservoir.take().map(({ item }) => item);
          const smallest = (all: readonly number[]) => [...all].sort((a, b) => a - b).slice(0, size);
          expect(first).toEqual(smallest(tags.slice(0, cut)));
          expect(second).toEqual(smallest(tags).filter((tag) => tags.indexOf(tag) >= cut));
          expect(reservoir.take()).toEqual([]);
        },
      ),
    );
  });

  test('holds each of n items with the chance k/n, early or late: 4,000 seeded windows', () => {
    const [windows, items, size] = [4000, 50, 5];
    const random = new Random(20261124);
    const held = new Array<number>(items).fill(0);
    for (let window = 0; window < windows; window++) {
      const reservoir = new Reservoir<number>(size);
      for (let item = 0; item < items; item++) reservoir.add(random.uniform(), item);
      for (const { item } of reservoir.take()) held[item] = (held[item] ?? 0) + 1;
    }
    expect(chiSquared(held, (windows * size) / items)).toBeLessThan(limit49);
  });
});

/** Chi-squared of 49 degrees of freedom is beyond this once in 1,000. */
const limit49 = 85.4;

function chiSquared(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('merging in the object', () => {
  test('gives the k smallest tags of the whole, in any split over isolates and reports and in any order', () => {
    const tag = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        fc.uniqueArray(tag, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.record({ isolate: fc.nat(3), flush: fc.boolean() }), { minLength: 40, maxLength: 40 }),
        fc.func(fc.nat()),
        (tags, size, plan, order) => {
          const isolates = Array.from({ length: 4 }, () => new Reservoir<number>(size));
          const reports: SampleReport[] = [];
          const flush = (isolate: Reservoir<number> | undefined) => {
            const taken = isolate?.take() ?? [];
            reports.push(
              reportOf(
                size,
                taken.map(({ item, tag: own }) => [item, own]),
              ),
            );
          };
          for (const [id, own] of tags.entries()) {
            const { isolate, flush: now } = plan[id] ?? { isolate: 0, flush: false };
            isolates[isolate]?.add(own, id);
            if (now) flush(isolates[isolate]);
          }
          for (const isolate of isolates) flush(isolate);
          const database = new SampleDatabase();
          const shuffled = reports.map((report, index) => ({ report, at: order(index) })).sort((a, b) => a.at - b.at);
          for (const { report } of shuffled) database.apply(report);
          // Said twice, it is the same.
          database.apply({ ...reports[0], region: null } as SampleReport);
          const smallest = [...tags.entries()].sort(([, a], [, b]) => a - b).slice(0, size);
          expect(idsOf(database)).toEqual(smallest.map(([id]) => id).sort((a, b) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('weighs rows alike, whether a busy PoP or a quiet one answered them: 1,500 seeded windows', () => {
    const [windows, size] = [1500, 6];
    const random = new Random(7);
    const held = new Array<number>(50).fill(0);
    const database = new SampleDatabase();
    for (let window = 0; window < windows; window++) {
      // 45 rows in one isolate, 5 in another.
      for (const [first, last] of [[0, 45] as const, [45, 50] as const]) {
        const reservoir = new Reservoir<number>(size);
        for (let id = first; id < last; id++) reservoir.add(random.uniform(), id);
        const tags = reservoir.take().map(({ item, tag }) => [item, tag] as const);
        database.apply(reportOf(size, tags, { fromMs: window + 1, toMs: window + 2 }));
      }
    }
    for (const { id } of database.rows<Row>()) held[id] = (held[id] ?? 0) + 1;
    expect(chiSquared(held, (windows * size) / 50)).toBeLessThan(limit49);
  });
});

describe('what is kept', () => {
  test('is told apart by version and PoP, with what was seen and skipped', () => {
    const database = new SampleDatabase();
    database.apply(reportOf(2, [[1, 0.1]], { seen: 10, skipped: 3 }), { pop: 'FRA' });
    database.apply(reportOf(2, [[2, 0.2]], { seen: 5 }), { pop: 'SIN' });
    database.apply(reportOf(2, [[3, 0.3]], { version: '2' }), { pop: 'SIN' });
    expect(countSample(database.sql, {})).toEqual({ rows: 3, seen: 16, skipped: 3 });
    expect(countSample(database.sql, { version: '1', pop: 'FRA' })).toEqual({ rows: 1, seen: 10, skipped: 3 });
    expect(database.rows<Row>({ pop: 'SIN' }).map(({ id }) => id)).toEqual([2, 3]);
    expect(database.rows<Row>({ version: '2' })).toEqual([
      { id: 3, prediction: {}, at: '1970-01-01T00:00:00.005Z', version: '2', pop: 'SIN', region: null },
    ]);
  });

  test('goes when its time is up, and what comes later than that is not taken', () => {
    const database = new SampleDatabase();
    database.apply(reportOf(2, [[1, 0.1]]));
    database.apply(reportOf(2, [[2, 0.2]], { fromMs: 2000, toMs: 3000 }));
    expect(sampleExpiresMs(database.sql)).toBe(5000);
    pruneSample(database.sql, 4999);
    expect(idsOf(database)).toEqual([1, 2]);
    pruneSample(database.sql, 5000);
    expect(idsOf(database)).toEqual([2]);
    database.apply(reportOf(2, [[1, 0.1]]), { atMs: 5000 });
    expect(idsOf(database)).toEqual([2]);
    pruneSample(database.sql, 6000);
    expect([sampleExpiresMs(database.sql), idsOf(database)]).toEqual([null, []]);
  });

  test('is deleted with what isolates still send of windows that had begun', () => {
    const database = new SampleDatabase();
    database.apply(reportOf(2, [[1, 0.1]]));
    expect(deleteSample(database.sql, 1500)).toBe(1);
    database.apply(reportOf(2, [[2, 0.2]]));
    expect(countSample(database.sql, {})).toEqual({ rows: 0, seen: 0, skipped: 0 });
    database.apply(reportOf(2, [[3, 0.3]], { fromMs: 2000, toMs: 3000 }));
    expect(idsOf(database)).toEqual([3]);
    // A window that begins at the very moment has begun.
    expect(deleteSample(database.sql, 3000)).toBe(1);
    database.apply(reportOf(2, [[4, 0.4]], { fromMs: 3000, toMs: 4000 }));
    database.apply(reportOf(2, [[5, 0.5]], { fromMs: 3001, toMs: 4001 }));
    expect(idsOf(database)).toEqual([5]);
  });

  test('is read page by page, and a feature that is called like what is said of the row keeps its name', () => {
    const database = new SampleDatabase();
    database.apply(
      reportOf(
        1200,
        Array.from({ length: 1200 }, (_, id) => [id, id / 1200] as const),
      ),
    );
    expect(idsOf(database)).toEqual(Array.from({ length: 1200 }, (_, id) => id));
    const named = new SampleDatabase();
    const features = '{"at":12,"pop":null}';
    const rows = [{ tag: 0.5, item: { atMs: 5, features, prediction: '{"y":[1]}' } }];
    named.apply(reportOf(1, [], { rows }));
    expect(named.rows()).toEqual([{ at: 12, pop: null, prediction: { y: [1] }, version: '1', region: null }]);
  });
});
