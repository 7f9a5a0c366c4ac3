// The page of a release on its way, over HTTP.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserSession, textOf } from '../../../harness/browser-session.ts';
import { eventually } from '../../../harness/eventually.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';

let pop: TestPop;
let session: BrowserSession;
const path = '/console/models/adder/release';

beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0', POP_NAME: 'FRA' });
  await pop.release(adder('adder', '1', 1));
  session = await BrowserSession.signedIn(pop);
});
afterAll(() => pop.stop());

test('says that nobody has reported yet, and asks again soon', async () => {
  const { html } = await session.get(path);
  expect(textOf(html)).toMatch(/no point of presence/i);
  expect(html).toContain('data-live="/console/models/adder/release?part=live"');
});

test('shows where the release has arrived and how long it took, and then asks once a minute', async () => {
  const infer = { inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] };
  await eventually(async () => {
    await pop.send('POST', '/v2/models/adder/infer', infer);
    const { html } = await session.get(`${path}?part=live`);
    expect(textOf(html)).toContain('1 of 1 points of presence serve it');
    expect(textOf(html)).toMatch(/FRA Frankfurt 1 current/);
    expect(textOf(html)).toMatch(/until all \d/);
    expect(html).toContain('data-every="60000"');
    expect(html).not.toContain('<html');
  });
});

test('needs a session that may read', async () => {
  expect((await new BrowserSession(pop).get(`${path}?part=live`)).status).toBe(303);
  expect((await session.get('/console/models/nobody/release')).status).toBe(404);
});
