// The pages of the fleet and of two versions side by side, over HTTP.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserSession, textOf } from '../../../harness/browser-session.ts';
import { eventually } from '../../../harness/eventually.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';

let pop: TestPop;
let session: BrowserSession;
const infer = { inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] };

beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0', POP_NAME: 'FRA' });
  await pop.release(adder('adder', '1', 1));
  session = await BrowserSession.signedIn(pop);
});
afterAll(() => pop.stop());

test('one version alone is compared with nothing, and the page says so', async () => {
  expect(textOf((await session.get('/console/models/adder/compare')).html)).toContain('no two versions');
});

test('two versions are compared, what is served with the candidate first', async () => {
  await pop.release(adder('adder', '2', 2), false);
  await pop.takeOver('adder', { action: 'shadow', version: '2', percent: 100 });
  await eventually(async () => {
    await pop.send('POST', '/v2/models/adder/infer', infer);
    const text = textOf((await session.get('/console/models/adder/compare')).html);
    expect(text).toContain('Callers of 1 can be given 2.');
    expect(text).toMatch(/compared [1-9]\d* answers/);
    expect(text).toMatch(/requests [1-9]\d* /);
  });
  expect((await session.get('/console/models/adder/compare?left=1&right=9')).status).toBe(404);
  expect((await session.get('/console/models/adder/compare?left=<script>')).status).toBe(400);
});

test('the fleet shows the place, what it serves, and the memory of the isolate', async () => {
  await eventually(async () => {
    await pop.send('POST', '/v2/models/adder/infer', infer);
    const text = textOf((await session.get('/console/fleet')).html);
    expect(text).toMatch(/FRA Frankfurt 1 adder 1/);
    expect(text).toContain('Memory, of 122 MiB');
    expect(text).toMatch(/Loaded|adder 1 \d/);
  });
});

test('both need a session that may read', async () => {
  for (const path of ['/console/fleet', '/console/models/adder/compare']) {
    expect((await new BrowserSession(pop).get(path)).status).toBe(303);
  }
});
