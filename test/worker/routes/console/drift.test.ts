// The page about drift: its empty state, rights, and refusals.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Random } from '../../../../scripts/random.ts';
import { BrowserSession, textOf } from '../../../harness/browser-session.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';
import { baselineOf } from '../../telemetry/drift/baselines.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({
    ...{ INFERENCE_ACCESS: 'open', TELEMETRY_FLUSH_SECONDS: '0', DRIFT_WINDOW_SECONDS: '0.2', POP_NAME: '<i>HEL</i>' },
  });
  await pop.release(adder('adder', '1', 1));
});
afterAll(() => pop.stop());

test('a model without counts says what to do', async () => {
  const { status, html } = await (await BrowserSession.signedIn(pop)).get('/console/models/adder/drift');
  expect([status, textOf(html)]).toEqual([200, expect.stringContaining('Nothing was counted yet.')]);
});

test('an acceptance is shown with its command, and refused without right, reason or anything to accept', async () => {
  const path = '/console/models/adder/drift/change';
  const change = { action: 'accept', version: '1', place: 'region:EU' };
  const session = await BrowserSession.signedIn(pop);
  const { html } = await session.get(`${path}?${new URLSearchParams(change)}`);
  expect(textOf(html)).toContain('npx popserve drift adder --accept region:EU --version 1 --reason');
  const csrf = await session.mark();
  expect((await session.post(path, { ...change, reason: 'x' })).status).toBe(403);
  expect((await session.post(path, { ...change, csrf, reason: ' ' })).status).toBe(400);
  expect((await session.post(path, { ...change, csrf, reason: 'x' })).status).toBe(409);
  const key = await pop.operate('POST', '/registry/keys', { name: 'ann', scopes: ['read'] });
  const reader = await BrowserSession.signedIn(pop, key.json<{ token: string }>().token);
  expect((await reader.get('/console/models/adder/drift')).status).toBe(200);
  expect((await reader.get(`${path}?${new URLSearchParams(change)}`)).status).toBe(403);
});

test('shows a place with its features, windows and histogram, and accepts its values', async () => {
  const random = new Random(5);
  const { manifest, blobs } = adder('watched', '1', 10);
  const x = Float32Array.from({ length: 8000 }, () => random.normal(0, 1));
  const tensors = {
    x: { shape: [4000, 2], elements: x },
    y: { shape: [4000, 2], elements: x.map((value) => value + 10) },
  };
  await pop.release({ manifest: { ...manifest, baseline: baselineOf(manifest.signature, tensors, 4000) }, blobs });
  const session = await BrowserSession.signedIn(pop);
  const path = '/console/models/watched/drift';
  await vi.waitFor(
    async () => {
      const data = Array.from({ length: 2000 }, () => random.normal(2, 1));
      const inputs = [{ name: 'x', datatype: 'FP32', shape: [1000, 2], data }];
      await pop.send('POST', '/v2/models/watched/infer', { inputs });
      expect(textOf((await session.get(path)).html)).toContain('drifting');
    },
    { timeout: 20_000, interval: 50 },
  );
  // The PoP is all of the world, and is not shown again as that.
  expect(textOf((await session.get(path)).html)).toMatch(/pop:<i>HEL<\/i>\s+all of global/);
  const place = `${path}?version=1&place=global&feature=x%5B0%5D`;
  const { html } = await session.get(place);
  expect(html).not.toContain('<i>HEL');
  expect(textOf(html)).toContain('pop:<i>HEL</i>');
  expect(textOf(html)).toContain('x[0]: shares of the values in the newest window');
  expect(textOf(html)).toContain('Accept as the new normal here');
  // Both histograms as bars: two for each bin of the table, and a sentence for whoever cannot see them.
  const [, drawing = ''] = /<svg class="plot bars"(.*?)<\/svg>/s.exec(html) ?? [];
  const [, table = ''] = /<caption>x\[0\]: shares.*?<tbody>(.*?)<\/tbody>/s.exec(html) ?? [];
  const bins = table.split('<tr>').length - 1;
  expect(bins).toBeGreaterThan(3);
  expect(drawing.split('<rect').length - 1).toBe(2 * bins);
  expect(drawing).toMatch(
    /aria-label="x\[0\]: farthest apart in the bin .*? % \(baseline\) against .*? % \(newest window\)\./,
  );
  // A place that is opened without a feature shows the one that is farthest from its baseline.
  expect((await session.get(`${path}?version=1&place=global`)).html).toContain('<svg class="plot bars"');
  const csrf = await session.mark();
  const fields = { action: 'accept', version: '1', place: 'global', reason: '<b>warm</b>', csrf };
  const { status, to } = await session.post(`${path}/change`, fields);
  expect(status).toBe(303);
  const after = await session.get(to ?? '');
  expect(after.html).not.toContain('<b>warm');
  expect(textOf(after.html)).toContain('by operator: <b>warm</b>');
});
