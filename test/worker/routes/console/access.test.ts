// The pages about who may do what: keys, the audit, limits, a person's own session.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserSession, textOf } from '../../../harness/browser-session.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';

let pop: TestPop;

beforeAll(async () => {
  pop = await TestPop.start({
    ...{ INFERENCE_ACCESS: 'keyed', KEY_CACHE_SECONDS: '0', WEBHOOK_URL: 'https://hooks.example/x' },
    ...{ WEBHOOK_SECRET: 'a-secret-of-the-webhook-that-nobody-sees', MAX_URL_BYTES: '4321' },
  });
});
afterAll(() => pop.stop());

async function key(scopes: readonly string[], name = 'ann', models: readonly string[] | null = null) {
  const answer = await pop.operate('POST', '/registry/keys', { name, scopes, models });
  const { key, token } = answer.json<{ key: { id: string }; token: string }>();
  return { id: key.id, token };
}

test('a server without keys says what to do, and an audit without changes says so', async () => {
  const session = await BrowserSession.signedIn(pop);
  expect(textOf((await session.get('/console/access')).html)).toContain('There is no key yet. Make one');
  expect(textOf((await session.get('/console/access/audit')).html)).toContain('Nothing has been changed yet.');
});

test('nobody without admin sees a page about access, or makes or ends a key', async () => {
  const { id, token } = await key(['release', 'read', 'infer'], 'bob');
  const session = await BrowserSession.signedIn(pop, token);
  const csrf = await session.mark();
  for (const path of ['', '/new-key?name=x&scope=infer', `/keys/${id}/revoke`, '/audit']) {
    const { status, html } = await session.get(`/console/access${path}`);
    expect([path, status, textOf(html)]).toEqual([path, 403, expect.stringContaining('needs scope admin')]);
  }
  expect((await session.post('/console/access/new-key', { csrf, name: 'x', scope: 'admin' })).status).toBe(403);
  expect((await session.post(`/console/access/keys/${id}/revoke`, { csrf, reason: 'x' })).status).toBe(403);
});

describe('a new key', () => {
  const path = '/console/access/new-key';

  test('is shown before it is made, with the command that does the same', async () => {
    const session = await BrowserSession.signedIn(pop);
    const text = textOf((await session.get(`${path}?name=press+7&scope=infer&scope=read&models=a,+b&days=30`)).html);
    expect(text).toContain("Whoever holds the key 'press 7' may ask models");
    expect(text).toContain('It is for a, b only.');
    expect(text).toContain('It expires in 30 days.');
    expect(text).toContain(
      "npx popserve keys create 'press 7' --scope infer --scope read --model a --model b --expires 30",
    );
  });

  test.each([
    ['without a right', 'name=x', 'scope'],
    ['with an unknown right', 'name=x&scope=all', 'scope'],
    ['without a name', 'name=&scope=infer', 'name'],
    ['with a name that no log can show', 'name=%C3%A4&scope=infer', 'name'],
    ['with an end in no number', 'name=x&scope=infer&days=soon', 'days'],
    ['with admin for some models', 'name=x&scope=admin&models=a', 'scope admin is never for some models only'],
    ['with a wrong name of a model', 'name=x&scope=infer&models=../x', 'models'],
  ])('is refused %s', async (_, query, fault) => {
    const { status, html } = await (await BrowserSession.signedIn(pop)).get(`${path}?${query}`);
    expect([status, textOf(html)]).toEqual([400, expect.stringContaining(fault)]);
  });

  test('is made with the mark alone, shown once, good at once, and audited without itself', async () => {
    const session = await BrowserSession.signedIn(pop);
    const fields: [string, string][] = [
      ...(['name', 'models', 'days'] as const).map((name): [string, string] => [
        name,
        name === 'name' ? '<b>press</b>' : '',
      ]),
      ...['infer', 'read'].map((scope): [string, string] => ['scope', scope]),
    ];
    expect((await session.post(path, fields)).status).toBe(403);
    const { status, html, headers } = await session.post(path, [...fields, ['csrf', await session.mark()]]);
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    const [token = ''] = /pk_[0-9a-f]{16}_[\w-]{43}/.exec(html) ?? [];
    const asked = await pop.send('GET', '/v2/models', undefined, { authorization: `Bearer ${token}` });
    expect(asked.status).toBe(200);
    expect((await session.get('/console/access')).html).toContain('<td>infer, read</td>');
    for (const page of ['/console/access', '/console/access/audit']) {
      const { html: later } = await session.get(page);
      expect(later).not.toContain(token);
      expect(later).not.toContain('<b>press');
      expect(textOf(later)).toContain('<b>press</b>');
    }
  });
});

describe('a revocation', () => {
  test('is shown before it is made, wants a reason, and ends the key', async () => {
    const { id, token } = await key(['infer'], 'lost phone');
    const session = await BrowserSession.signedIn(pop);
    const path = `/console/access/keys/${id}/revoke`;
    const text = textOf((await session.get(path)).html);
    expect(text).toContain('Revoke the key of lost phone');
    expect(text).toContain(`npx popserve keys revoke ${id}`);
    const csrf = await session.mark();
    expect((await session.post(path, { csrf, reason: ' ' })).status).toBe(400);
    const ask = () => pop.send('GET', '/v2/models', undefined, { authorization: `Bearer ${token}` });
    expect((await ask()).status).toBe(200);
    const { status, to } = await session.post(path, { csrf, reason: '<i>stolen</i>' });
    expect([status, to]).toEqual([303, `/console/access?revoked=${id}`]);
    expect((await ask()).status).toBe(401);
    const list = textOf((await session.get(to ?? '')).html);
    expect(list).toContain(`Key ${id} is revoked`);
    expect(list).toContain('by operator: <i>stolen</i>');
    expect(textOf((await session.get(path)).html)).toContain('It was revoked already');
  });

  test('of a key that is none is a page that says so', async () => {
    const { status, html } = await (await BrowserSession.signedIn(pop)).get(
      '/console/access/keys/0123456789abcdef/revoke',
    );
    expect([status, textOf(html)]).toEqual([404, expect.stringContaining("there is no key '0123456789abcdef'")]);
  });
});

describe('the audit', () => {
  test('is searched by who, what and which model', async () => {
    await pop.release(adder('adder', '1', 1));
    const { token } = await key(['admin'], 'root');
    const other = await BrowserSession.signedIn(pop, token);
    await other.post('/console/access/new-key', { csrf: await other.mark(), name: 'made by root', scope: 'infer' });
    const session = await BrowserSession.signedIn(pop);
    const rows = async (query: string) =>
      textOf((await session.get(`/console/access/audit?${query}`)).html.replace(/^[\s\S]*<tbody>/, ''));
    expect(await rows('model=adder')).toMatch(/route adder[\s\S]*version registered adder/);
    expect(await rows('model=adder')).not.toContain('key created');
    expect(await rows('actor=key%3A')).toContain('name made by root');
    expect(await rows('actor=key%3A')).not.toContain('operator');
    expect(await rows('change=revoked')).not.toContain('key created');
    expect(textOf((await session.get('/console/access/audit?actor=nobody')).html)).toContain(
      'None of the changes that were looked at is like this.',
    );
    expect(textOf((await session.get('/console/access/audit?actor=ann+b&model=adder')).html)).toContain(
      "npx popserve audit --actor 'ann b' --model adder",
    );
    expect((await session.get('/console/access/audit?model=..%2Fx')).status).toBe(400);
  });
});

test('the limits in force are told, and no secret', async () => {
  const { html } = await (await BrowserSession.signedIn(pop)).get('/console/access');
  const text = textOf(html);
  expect(text).toContain('URL 4,321 B MAX_URL_BYTES');
  expect(text).toContain('Who may infer callers with a key or token INFERENCE_ACCESS');
  expect(html).not.toContain(pop.pop.token);
  expect(html).not.toContain('a-secret-of-the-webhook');
});

test('a person sees the own session and ends it on every device, whatever the key may do', async () => {
  const { token } = await key(['infer'], 'tablet', ['adder']);
  const [here, there] = [await BrowserSession.signedIn(pop, token), await BrowserSession.signedIn(pop, token)];
  const text = textOf((await here.get('/console/session')).html);
  expect(text).toMatch(/May infer Models adder/);
  const { to } = await here.post('/console/sign-out', { csrf: await here.mark('/console/session'), everywhere: 'yes' });
  expect([to, here.cookie]).toEqual(['/console/sign-in', null]);
  expect((await there.get('/console/session')).to).toMatch(/sign-in/);
});
