// Reports of isolates in the Durable Object of their model: merged over PoPs, each counted once, never in the way of inference.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IsolateReport } from '../../../worker/telemetry/report.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { reportOf, sendReport, statusOf } from './telemetry-object.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0' });
  await pop.release(adder('adder', '1', 10));
});
afterAll(() => pop.stop());

const request = (rows: number) => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 2], data: new Array(rows * 2).fill(1) }],
});

test('what an isolate counted arrives: requests, items of batches, failures by code, the epoch that it serves', async () => {
  for (const rows of [1, 3]) expect((await pop.send('POST', '/v2/models/adder/infer', request(rows))).status).toBe(200);
  expect((await pop.send('POST', '/v2/models/adder/infer', {})).status).toBe(400);
  await eventually(async () => {
    // Counts that come after a flush began wait for the next request.
    await pop.send('POST', '/v2/models/adder/infer', {});
    const { versions, pops } = await statusOf(pop, 'adder');
    expect(versions).toMatchObject([{ version: '1', inferences: 4 }]);
    expect(versions[0]?.failuresByCode.INVALID_ARGUMENT).toBeGreaterThan(0);
    expect(versions[0]?.requests).toBe(2 + (versions[0]?.failures ?? 0));
    expect(pops).toMatchObject([{ pop: 'local', epoch: 1, highestEpoch: 1, isolates: 1, stable: '1', held: null }]);
  });
});

test('a report that is sent again is counted once', async () => {
  const report = reportOf({ isolate: 'a', sequence: 1, pop: 'FRA', requests: 7 });
  for (let count = 0; count < 3; count++) await sendReport(pop, 'repeated', report);
  await sendReport(pop, 'repeated', { ...report, sequence: 2 });
  await sendReport(pop, 'repeated', report);
  await sendReport(pop, 'repeated', reportOf({ isolate: 'b', sequence: 1, pop: 'SIN', requests: 5 }));
  const { versions, pops } = await statusOf(pop, 'repeated');
  expect(versions[0]?.requests).toBe(7 + 7 + 5);
  expect(pops.map((status) => status.pop)).toEqual(['FRA', 'SIN']);
});

/** Parts as another version of the code could send them. */
const asSent = (parts: Record<string, unknown>) => parts as IsolateReport['parts'];

test('a report that cannot be stored is stored in no part of it', async () => {
  const report = reportOf({ isolate: 'a', sequence: 1, pop: 'FRA', requests: 7 });
  // The platform takes no row beyond 2 MB: https://developers.cloudflare.com/durable-objects/platform/limits/
  const features = JSON.stringify({ text: 'x'.repeat(3_000_000) });
  const rows = [{ tag: 0.5, item: { atMs: 1, features, prediction: '{}' } }];
  const window = { version: '1', fromMs: Date.now(), toMs: Date.now() + 3_600_000, seen: 1, skipped: 0, rows };
  const sample = { region: null, size: 1, keptMs: 3_600_000, windows: [window] };
  await expect(sendReport(pop, 'broken', { ...report, parts: { ...report.parts, sample } })).rejects.toThrow();
  expect(await statusOf(pop, 'broken')).toMatchObject({ versions: [], pops: [] });
  await sendReport(pop, 'broken', report);
  expect((await statusOf(pop, 'broken')).versions).toMatchObject([{ requests: 7 }]);
});

test('a part that cannot be read, or is not known here, is logged and keeps no other part away', async () => {
  const report = reportOf({ isolate: 'a', sequence: 1, pop: 'FRA', requests: 7 });
  const parts = asSent({ ...report.parts, drift: { region: 'EU', versions: 'none' }, weather: { sunny: true } });
  await sendReport(pop, 'mixed', { ...report, parts });
  expect((await statusOf(pop, 'mixed')).versions).toMatchObject([{ requests: 7 }]);
  await eventually(() => {
    expect(pop.logs.filter(({ model }) => model === 'mixed')).toEqual([
      {
        ...{ event: 'part-malformed', model: 'mixed', pop: 'FRA', part: 'drift' },
        error: expect.stringContaining('expected array, received string'),
      },
      { event: 'part-unknown', model: 'mixed', pop: 'FRA', part: 'weather' },
    ]);
  });
});
