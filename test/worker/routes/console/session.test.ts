// The sign-in of the console over HTTP: sessions, their rights and their end, and what other sites' pages can do with them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserSession, textOf } from '../../../harness/browser-session.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';

let pop: TestPop;

beforeAll(async () => {
  pop = await TestPop.start({ INFERENCE_ACCESS: 'keyed', KEY_CACHE_SECONDS: '0' });
  await pop.release(adder('adder', '1', 1));
  await pop.release(adder('adder', '2', 2), false);
  await pop.release(adder('other', '1', 1));
});
afterAll(() => pop.stop());

async function key(scopes: readonly string[], models: readonly string[] | null = null) {
  const answer = await pop.operate('POST', '/registry/keys', { name: 'ann', scopes, models });
  const { key, token } = answer.json<{ key: { id: string }; token: string }>();
  return { id: key.id, token };
}

describe('a keyed server', () => {
  test('shows a person without a session nothing but the sign-in', async () => {
    const nobody = new BrowserSession(pop);
    for (const path of [
      '/',
      '/console',
      '/console/models/adder',
      '/console/models/adder/change?change=promote&epoch=1',
    ]) {
      const { status, to, html } = await nobody.get(path);
      expect([path, status, html]).toEqual([path, 303, '']);
      expect(to).toMatch(/^\/console\/sign-in/);
    }
    expect((await nobody.get('/console/sign-in')).status).toBe(200);
  });

  test('answers a program at / with links', async () => {
    const answer = await pop.send('GET', '/');
    expect(answer.json()).toMatchObject({ status: 'alive', name: 'popserve', links: { models: '/v2/models' } });
  });
});

describe('the sign-in', () => {
  test('gives a cookie that scripts and other sites do not get', async () => {
    const { status, to, headers } = await new BrowserSession(pop).post('/console/sign-in', {
      ...{ credential: pop.pop.token, to: '/console/models/adder' },
    });
    expect([status, to]).toEqual([303, '/console/models/adder']);
    const [cookie = ''] = headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-popserve-session=/);
    for (const part of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']) expect(cookie).toContain(part);
    expect(cookie).not.toContain(pop.pop.token);
  });

  test('refuses what is no key of this server, and says so', async () => {
    const session = new BrowserSession(pop);
    const { status, html } = await session.post('/console/sign-in', { credential: 'wrong', to: '/console' });
    expect([status, session.cookie]).toEqual([401, null]);
    expect(textOf(html)).toContain('the key or token is not known here');
  });

  test.each(['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)'])(
    'leads nowhere else: %s',
    async (to) => {
      expect((await new BrowserSession(pop).post('/console/sign-in', { credential: pop.pop.token, to })).to).toBe(
        '/console',
      );
    },
  );

  test('is refused to a page of another site', async () => {
    const session = new BrowserSession(pop);
    const fields = { credential: pop.pop.token, to: '/console' };
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
      expect((await session.post('/console/sign-in', fields, headers)).status).toBe(403);
    }
    expect(session.cookie).toBeNull();
  });

  test('takes no cookie that somebody else has made', async () => {
    const session = await BrowserSession.signedIn(pop);
    const [name, value = ''] = (session.cookie ?? '').split('=');
    for (const forged of [`${value.slice(0, -4)}AAAA`, 'eyJhbGciOiJub25lIn0..', '', 'x'.repeat(5000)]) {
      session.cookie = `${name}=${forged}`;
      expect((await session.get('/console')).status).toBe(303);
    }
  });
});

describe('a session', () => {
  test('has the rights of its key', async () => {
    const reader = await BrowserSession.signedIn(pop, (await key(['read'])).token);
    expect(textOf((await reader.get('/console/models/adder')).html)).not.toContain('Change what is served');
    const refused = await reader.get('/console/models/adder/change?change=activate&version=2&epoch=1');
    expect([refused.status, textOf(refused.html)]).toEqual([403, expect.stringContaining('needs scope release')]);
    const releaser = await BrowserSession.signedIn(pop, (await key(['release'], ['adder'])).token);
    expect(textOf((await releaser.get('/console/models/adder')).html)).toContain('Change what is served');
    const { html } = await releaser.get('/console');
    expect(html).toContain('/console/models/adder');
    expect(html).not.toContain('/console/models/other');
    expect((await releaser.get('/console/models/other')).status).toBe(403);
  });

  test('ends with its key', async () => {
    const { id, token } = await key(['read']);
    const session = await BrowserSession.signedIn(pop, token);
    expect((await session.get('/console')).status).toBe(200);
    await pop.operate('DELETE', `/registry/keys/${id}`, { reason: 'lost' });
    expect((await session.get('/console')).to).toMatch(/sign-in/);
    expect(session.cookie).toBeNull();
  });

  test('ends with a sign-out, here or everywhere', async () => {
    const { token } = await key(['read']);
    const [one, two, three] = [
      await BrowserSession.signedIn(pop, token),
      await BrowserSession.signedIn(pop, token),
      await BrowserSession.signedIn(pop, token),
    ];
    await one.post('/console/sign-out', { csrf: await one.mark() });
    expect([one.cookie, (await two.get('/console')).status]).toEqual([null, 200]);
    const kept = three.cookie;
    await two.post('/console/sign-out', { csrf: await two.mark(), everywhere: 'yes' });
    three.cookie = kept;
    expect((await three.get('/console')).status).toBe(303);
  });

  test('that was ended everywhere is none for a script with its mark either', async () => {
    const { token } = await key(['read']);
    const [one, two] = [await BrowserSession.signedIn(pop, token), await BrowserSession.signedIn(pop, token)];
    const headers = {
      cookie: one.cookie ?? '',
      'popserve-session-mark': await one.mark(),
      'sec-fetch-site': 'same-origin',
    };
    expect((await pop.send('GET', '/registry/models', undefined, headers)).status).toBe(200);
    await two.post('/console/sign-out', { csrf: await two.mark(), everywhere: 'yes' });
    expect((await pop.send('GET', '/registry/models', undefined, headers)).status).toBe(401);
  });

  test('is none for the API, unless a page of its own sends its mark', async () => {
    const session = await BrowserSession.signedIn(pop);
    const cookie = session.cookie ?? '';
    const mark = await session.mark();
    const ask = (headers: Record<string, string>) =>
      pop.send('GET', '/registry/models', undefined, { cookie, ...headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ 'popserve-session-mark': 'guess' })).status).toBe(401);
    expect((await ask({ 'popserve-session-mark': mark, 'sec-fetch-site': 'cross-site' })).status).toBe(401);
    expect((await ask({ 'popserve-session-mark': mark, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });
});

describe('a change', () => {
  const activate = { change: 'activate', version: '2', epoch: '1', reason: 'better' };
  const path = '/console/models/adder/change';

  test.each([
    ['without the mark', {}, { 'sec-fetch-site': 'same-origin' }],
    ['with a guessed mark', { csrf: 'guess' }, { 'sec-fetch-site': 'same-origin' }],
  ])('is refused %s', async (_, more, headers) => {
    const session = await BrowserSession.signedIn(pop);
    const { status, html } = await session.post(path, { ...activate, ...more }, headers);
    expect([status, textOf(html)]).toEqual([403, expect.stringContaining('not one of this session')]);
  });

  test('is refused from another site, even with the mark', async () => {
    const session = await BrowserSession.signedIn(pop);
    const csrf = await session.mark();
    expect((await session.post(path, { ...activate, csrf }, { 'sec-fetch-site': 'same-site' })).status).toBe(403);
  });

  test('is shown before it is made, with the command that does the same', async () => {
    const session = await BrowserSession.signedIn(pop);
    const { html } = await session.get(`${path}?change=activate&version=2&epoch=1`);
    const text = textOf(html);
    expect(text).toContain('1 is served now.');
    expect(text).toContain('All traffic gets 2, at once.');
    expect(text).toContain('npx popserve activate adder 2 --if-epoch 1');
  });

  test('tells a conflict beside the form, and asks whether callers may break', async () => {
    const session = await BrowserSession.signedIn(pop);
    const csrf = await session.mark();
    const { status, html } = await session.post(path, { ...activate, csrf, epoch: '7' });
    expect([status, textOf(html)]).toEqual([409, expect.stringContaining('epoch')]);
  });

  test('that would break callers asks for it in the words of the page, and shows the command that does it', async () => {
    await pop.release(adder('pump', '1', 1));
    const other = adder('pump', '2', 1);
    const { inputs, ...signature } = other.manifest.signature;
    const renamed = { ...signature, inputs: inputs.map((spec) => ({ ...spec, name: 'renamed' })) };
    await pop.release({ ...other, manifest: { ...other.manifest, warmup: null, signature: renamed } }, false);
    const session = await BrowserSession.signedIn(pop);
    const fields = { change: 'activate', version: '2', reason: 'better', epoch: '1', csrf: await session.mark() };
    const { status, html } = await session.post('/console/models/pump/change', fields);
    expect(status).toBe(409);
    const text = textOf(html);
    expect(text).toContain('to do it all the same, tick the box below and give a reason');
    expect(text).toContain('npx popserve activate pump 2 --breaking --reason better');
    expect(text).not.toContain('"breaking"');
    expect(html).toContain('name="breaking"');
  });

  test('is made, kept in the history with its reason, and audited', async () => {
    const session = await BrowserSession.signedIn(pop);
    const reason = '<script>alert(1)</script> "better"';
    const { status, to } = await session.post(path, { ...activate, reason, csrf: await session.mark() });
    expect([status, to]).toEqual([303, '/console/models/adder?done=2']);
    const { html } = await session.get('/console/models/adder?done=2');
    expect(textOf(html)).toContain('Done: epoch 2 is released.');
    expect(html).not.toContain('<script>alert');
    expect(textOf(html)).toContain(reason);
    const { records } = (await pop.operate('GET', '/registry/audit')).json<{
      records: { change: string; actor: string }[];
    }>();
    expect(records[0]).toMatchObject({ change: 'route', actor: 'operator' });
  });
});
