// The rows that a report costs, by workerd's own count: the figures of docs/cost.md.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleWorker } from '../../../scripts/build/bundle.ts';
import { slots } from '../../../worker/telemetry/latency/bins.ts';
import type { IsolateReport, Parts } from '../../../worker/telemetry/report.ts';
import { reportOf } from './telemetry-object.ts';

interface Metered {
  report(model: string, report: IsolateReport): Promise<void>;
  readMeter(): Promise<{ written: number; read: number }>;
}

let miniflare: Miniflare;
beforeAll(async () => {
  const bundle = await bundleWorker('index');
  const configured = bundle.options;
  const contents = await readFile(join(import.meta.dirname, 'metered-object.js'), 'utf8');
  miniflare = new Miniflare({
    ...configured,
    ...{ host: '127.0.0.1', port: 0, cf: false, modulesRoot: bundle.directory },
    modules: [
      { type: 'ESModule', path: join(bundle.directory, 'metered-object.js'), contents },
      ...bundle.modules.map(({ type, path }) => ({ type, path })),
    ],
    durableObjects: { TELEMETRY: { className: 'MeteredTelemetry', useSQLite: true } },
    bindings: { ...configured.bindings, DRIFT_WINDOW_SECONDS: '3600' },
  });
  await miniflare.ready;
});
afterAll(() => miniflare.dispose());

/** Rows that each report of a row of them costs, told one after the other to an object of their own. */
async function costsOf(model: string, reports: readonly IsolateReport[]): Promise<{ written: number; read: number }[]> {
  const namespace = await miniflare.getDurableObjectNamespace('TELEMETRY');
  const object = namespace.get(namespace.idFromName(model)) as unknown as Metered;
  await object.readMeter();
  const costs = [];
  for (const report of reports) {
    await object.report(model, report);
    costs.push(await object.readMeter());
  }
  return costs;
}

const told = (sequence: number, parts: Partial<Parts> = {}, failures = 0): IsolateReport => {
  const report = reportOf({ isolate: 'a', sequence, pop: 'FRA', requests: 10, failures });
  return { ...report, parts: { ...report.parts, ...parts } };
};

/** Ten features in ten bins. */
const drift = {
  region: 'EU',
  versions: [{ version: '1', layout: 1, requests: 10, rows: 10, counts: new Float64Array(120) }],
};

test('a report writes its isolate, each version with its kinds of failures, and nothing again that has not changed', async () => {
  const [counts = []] = [told(1).parts.counts];
  const other = { counts: [...counts, ...counts.map((delta) => ({ ...delta, version: '2' }))] };
  const costs = await costsOf('plain', [
    told(1),
    told(2),
    told(3, {}, 2),
    told(4, other),
    told(5, other),
    told(5, other),
  ]);
  // The first also has the epoch, the PoP that it has reached, and when the version was heard of.
  expect(costs.map(({ written }) => written)).toEqual([2 + 3, 2, 2 + 1, 3 + 1, 3, 0]);
  expect(costs.slice(1).map(({ read }) => read)).toEqual([2, 2, 2, 3, 1]);
});

test('with a baseline, also the version and the open window of its PoP, its region and the world', async () => {
  const costs = await costsOf('watched', [told(1, { drift }), told(2, { drift }), told(3, { drift })]);
  // The first sets the alarm.
  expect(costs.map(({ written }) => written)).toEqual([2 + 3 + 4 + 2, 2 + 4, 2 + 4]);
  expect(Math.max(...costs.map(({ read }) => read))).toBeLessThanOrEqual(11);
});

test('with calls that were told of, also their version and side as a whole and in the slot of its PoP', async () => {
  const kinds = (['stable', 'canary'] as const).map((side) => ({
    ...{ version: '1', epoch: 1, side, bucket: 1, counts: new Float64Array(slots).fill(1) },
  }));
  const costs = await costsOf('timed', [
    told(1, { latency: kinds.slice(0, 1) }),
    told(2, { latency: kinds.slice(0, 1) }),
    told(3, { latency: kinds }),
  ]);
  expect(costs.map(({ written }) => written)).toEqual([2 + 3 + 2, 2 + 2, 2 + 4]);
  expect(Math.max(...costs.map(({ read }) => read))).toBeLessThanOrEqual(8);
});

test('with truths, also their version and side twice, and the block of ids that they are among', async () => {
  const told1000 = (from: number) =>
    Array.from({ length: 1000 }, (_, at) => ({
      ...{ issuer: '0123456789ab', sequence: from + at, expiresDay: 40_000, version: '1', epoch: 1 },
      ...{ side: 'stable' as const, pop: 'FRA', bucket: 1, counts: new Float64Array([1, 1]) },
    }));
  const costs = await costsOf('judged', [
    told(1, { feedback: told1000(0) }),
    told(2, { feedback: told1000(1000) }),
    told(3, { feedback: told1000(0) }),
  ]);
  expect(costs.map(({ written }) => written)).toEqual([2 + 3 + 3, 2 + 3, 2]);
  expect(Math.max(...costs.map(({ read }) => read))).toBeLessThanOrEqual(8);
});

test('with sampled inputs, also the window and the rows that stay, and no row that would not', async () => {
  const sampled = (tags: readonly number[]) => {
    const rows = tags.map((tag) => ({ tag, item: { atMs: 1, features: '{}', prediction: '{}' } }));
    const fromMs = Date.now();
    const window = {
      version: '1',
      fromMs: fromMs - (fromMs % 86_400_000),
      toMs: fromMs + 86_400_000,
      seen: 9,
      skipped: 0,
    };
    return { sample: { region: null, size: 3, keptMs: 1000, windows: [{ ...window, rows }] } };
  };
  const costs = await costsOf('sampled', [
    told(1, sampled([0.1, 0.2, 0.3])),
    told(2, sampled([])),
    told(3, sampled([0.4, 0.5, 0.6])),
    told(4, sampled([0.15, 0.7])),
  ]);
  // The first has the window's place in the order of expiry as well, and sets the alarm. A row that makes room costs two.
  expect(costs.map(({ written }) => written)).toEqual([2 + 3 + 2 + 3 + 2, 2 + 1, 2 + 1, 2 + 1 + 2]);
  expect(Math.max(...costs.map(({ read }) => read))).toBeLessThanOrEqual(12);
});
