import { expect, it } from 'vitest';
import type { KeySummary } from '../../../../registry/api/keys.ts';
import { runCommand } from '../captured-host.ts';
import { ScriptedPop } from '../scripted-pop.ts';

const key: KeySummary = {
  id: '0123456789abcdef',
  name: 'press 7',
  scopes: ['infer'],
  models: null,
  createdAt: '2026-11-24T12:00:00.000Z',
  createdBy: 'somebody',
  expiresAt: null,
  revokedAt: null,
  revokedBy: null,
  revokedReason: null,
};

const pop = ScriptedPop.perCase();
it('keys create asks for what the options say and shows the key once', async () => {
  pop.intercept = () => ({ status: 201, body: { key: { ...key, models: ['m'] }, token: 'pk_shown_once' } });
  const options = ['--scope', 'infer', '--scope', 'read', '--model', 'm', '--expires', '30'];
  const { out } = await runCommand(['keys', 'create', 'press 7', ...options], pop.url);
  expect(pop.calls).toEqual(['POST /registry/keys']);
  expect(JSON.parse(pop.asked[0]?.body.toString() ?? '')).toEqual({
    name: 'press 7',
    scopes: ['infer', 'read'],
    models: ['m'],
    expiresAt: '2026-12-24T12:00:00.000Z',
  });
  expect(out).toBe("pk_shown_once\nkey 0123456789abcdef 'press 7' for infer of m; it is not shown again\n");
});

it('keys list shows who holds what', async () => {
  pop.intercept = () => ({
    status: 200,
    body: { keys: [key, { ...key, id: 'f'.repeat(16), revokedAt: '2026-11-25T12:00:00.000Z' }] },
  });
  const { out } = await runCommand(['keys', 'list'], pop.url);
  expect(out).toMatch(
    /^ID +NAME +SCOPES +MODELS +CREATED +BY +REVOKED\n0123456789abcdef +press 7 +infer +all +2026-11-24/,
  );
  pop.intercept = () => ({ status: 200, body: { keys: [] } });
  expect((await runCommand(['keys', 'list'], pop.url)).out).toBe('no keys yet\n');
});

it('keys revoke says when it holds everywhere', async () => {
  pop.intercept = () => ({ status: 200, body: { key, everywhereWithinSeconds: 60 } });
  const { out } = await runCommand(['keys', 'revoke', key.id, '--reason', 'lost'], pop.url);
  expect(pop.calls).toEqual([`DELETE /registry/keys/${key.id}`]);
  expect(JSON.parse(pop.asked[0]?.body.toString() ?? '')).toEqual({ reason: 'lost' });
  expect(out).toBe(`key ${key.id} 'press 7' is revoked; no PoP takes it after 60 s\n`);
});

it.each([
  [['keys', 'create', 'x', '--scope', 'root'], 'root'],
  [['keys', 'create', 'x', '--expires', 'soon'], 'days'],
  [['keys', 'create', 'x', '--expires', '0'], 'a whole number of days from 1 to 99999'],
  [['keys', 'revoke', 'pk_x'], '16 hex digits'],
])('%j is wrong usage', async (args, named) => {
  const { status, err } = await runCommand(args, pop.url);
  expect([status, pop.calls]).toEqual([2, []]);
  expect(err).toContain(named);
});
