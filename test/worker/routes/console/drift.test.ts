// The page about drift: its empty state, rights, and refusals.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserSession, textOf } from '../../../harness/browser-session.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ INFERENCE_ACCESS: 'keyed' });
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
