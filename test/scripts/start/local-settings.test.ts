// Which settings are above all others on this machine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { givenSettings, isOnlyLocal, localDefaults, unknownVariables } from '../../../scripts/start/local-settings.ts';
import { parseConfig } from '../../../worker/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('says nothing where nobody does', async () => {
  expect(await givenSettings(folder, {})).toEqual({});
});

it('lets pages of this machine ask, whatever port serves them', () => {
  const { corsOrigins } = parseConfig(localDefaults);
  expect(corsOrigins).toEqual(new Set(['http://127.0.0.1:*', 'http://localhost:*', 'http://[::1]:*']));
});

it('adds names to those of this machine', async () => {
  const settings = await givenSettings(folder, { allowHost: ['pop.example', 'other.example'] });
  expect(settings).toEqual({ ALLOWED_HOSTS: 'localhost,127.0.0.1,[::1],pop.example,other.example' });
});

it('has .dev.vars, and the command line above it', async () => {
  writeFileSync(join(folder, '.dev.vars'), '# mine\nINFERENCE_ACCESS="keyed"\nCORS_ORIGINS=*\nADMIN_TOKEN=abc\n');
  expect(await givenSettings(folder, { cors: 'http://a.example', driftWindow: 2 })).toEqual({
    INFERENCE_ACCESS: 'keyed',
    CORS_ORIGINS: 'http://a.example',
    ADMIN_TOKEN: 'abc',
    DRIFT_WINDOW_SECONDS: '2',
  });
});

it('names variables that popserve does not know, and where they are set', () => {
  const given = { POP_NAM: 'here' };
  const variables = ['INFERENCE_ACCESS', 'CORS_ORIGIN', 'POP_NAM'];
  expect(unknownVariables(variables, { given, config: '/project/wrangler.toml' })).toEqual([
    'wrangler.toml or a file of variables beside it sets CORS_ORIGIN, which popserve does not know and passes over; did you mean CORS_ORIGINS?',
    '.dev.vars sets POP_NAM, which popserve does not know and passes over; did you mean POP_NAME?',
  ]);
});

it.each([
  ['127.0.0.1', true],
  ['127.8.0.1', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.1.5', false],
  ['127.example.com', false],
])('%s: only this machine reaches it: %s', (host, only) => {
  expect(isOnlyLocal(host)).toBe(only);
});
