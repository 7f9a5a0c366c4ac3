// The names that a local PoP answers to, asked as a page would ask whose name was made to resolve to this machine.
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isHostName } from '../../../registry/host-name.ts';
import { localSettings } from '../../../scripts/local-pop/pop.ts';
import { parseConfig } from '../../../worker/config.ts';
import { TestPop } from '../../harness/pop.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ ALLOWED_HOSTS: `${localSettings.ALLOWED_HOSTS},pop.example` });
});
afterAll(() => pop.stop());

function ask(host: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const { port } = pop.pop.url;
  const asked = request({ host: '127.0.0.1', port, path: '/v2/models', agent: false, headers: { host, ...headers } });
  asked.on('response', (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  asked.on('error', reject).end();
  return promise;
}

it.each([
  '127.0.0.1',
  '127.0.0.1:8787',
  'localhost',
  'LOCALHOST:1',
  'a.localhost',
  '[::1]',
  '[::1]:8787',
  'pop.example:80',
])('answers to %s', async (host) => expect((await ask(host)).status).toBe(200));

it.each([
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'evillocalhost',
  '192.168.0.7',
  'pop.example.',
])('refuses %j', async (host) => {
  const { status, text } = await ask(host);
  expect(status).toBe(421);
  expect(JSON.parse(text).error).toBe(
    `this PoP answers to localhost, 127.0.0.1, [::1], pop.example, and the request is for host '${host}'. To allow that name, add it to the setting ALLOWED_HOSTS (npx popserve start --allow-host NAME)`,
  );
});

it('is not talked out of it by headers that a page may set', async () => {
  const url = `http://127.0.0.1:${pop.pop.url.port}/v2/models`;
  const headers = { 'MF-Original-URL': url, 'X-Forwarded-Host': '127.0.0.1', Forwarded: 'host=127.0.0.1' };
  expect((await ask('evil.example', headers)).status).toBe(421);
});

it('refuses the control plane too, with the right token', async () => {
  expect((await ask('evil.example', { authorization: `Bearer ${pop.pop.token}` })).status).toBe(421);
});

it('answers to every name where the setting is not set, as on the platform', () => {
  expect(parseConfig({}).allowedHosts).toBe('*');
});

it.each(['a.example:80', 'http://a.example', 'A.example', 'a/b', '', '::1'])('takes %j for no name', (name) => {
  expect(isHostName(name)).toBe(false);
  expect(() => parseConfig({ ALLOWED_HOSTS: name })).toThrow(/ALLOWED_HOSTS: expected '\*', or names/);
});
