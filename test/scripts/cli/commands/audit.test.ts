import { expect, it } from 'vitest';
import type { AuditRecord } from '../../../../registry/api/audit.ts';
import { runCommand } from '../captured-host.ts';
import { ScriptedPop } from '../scripted-pop.ts';

const pop = ScriptedPop.perCase();

/** The n-th change back from noon, one a minute. */
function record(n: number, changes: Partial<AuditRecord> = {}): AuditRecord {
  return {
    at: new Date(Date.parse('2026-11-24T12:00:00Z') - n * 60_000).toISOString(),
    ...{ requestId: `r${n}`, actor: 'ann', caller: 'operator', address: '192.0.2.1', method: 'POST' },
    ...{ path: '/registry/models/pump/routes', status: 201, change: 'route' },
    details: { model: 'pump', epoch: 100 - n, created: true, action: { action: 'activate', version: '2' } },
    ...changes,
  };
}

/** Serves the records two at a time, whatever page is asked for. */
function serve(records: readonly AuditRecord[], pageLength = 2): void {
  pop.intercept = ({ call }) => {
    const start = Number(/after=(\d+)/.exec(call)?.[1] ?? 0);
    const end = start + pageLength;
    const next = end < records.length ? String(end) : null;
    return { status: 200, body: { records: records.slice(start, end), next } };
  };
}

it('shows who changed what, newest first, over as many pages as it takes', async () => {
  const key = record(2, { change: 'key created', path: '/registry/keys', details: { id: 'abc', scopes: ['infer'] } });
  serve([record(0), record(1, { actor: 'key:f00', caller: 'key:f00' }), key]);
  const { out, status } = await runCommand(['audit'], pop.url);
  expect(status).toBe(0);
  expect(out.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
    'WHEN (UTC) | WHO | FROM | CHANGE | MODEL | DETAILS',
    '2026-11-24 12:00:00 | ann (operator) | 192.0.2.1 | route | pump | epoch 100, created true, activate, version 2',
    '2026-11-24 11:59:00 | key:f00 | 192.0.2.1 | route | pump | epoch 99, created true, activate, version 2',
    '2026-11-24 11:58:00 | ann (operator) | 192.0.2.1 | key created | id abc, scopes infer',
    '',
  ]);
  expect(pop.calls).toEqual(['GET /registry/audit?limit=100', 'GET /registry/audit?limit=100&after=2']);
});

it('names every value of an action, those of its limits too', async () => {
  const action = { action: 'canary', version: '2', percent: 5, breaking: true, limits: { errorShare: 0.01 } };
  serve([record(0, { details: { model: 'pump', epoch: 9, action } })]);
  const { out } = await runCommand(['audit'], pop.url);
  expect(out).toContain('epoch 9, canary, version 2, percent 5, breaking true, errorShare 0.01\n');
});

it('prints JSON lines for programs', async () => {
  serve([record(0), record(1)]);
  const { out } = await runCommand(['audit', '--json'], pop.url);
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([record(0), record(1)]);
});

it('keeps changes of a person, of a key and of a model apart', async () => {
  const load = record(2, { path: '/v2/repository/models/fan/load', change: 'model loaded', details: {} });
  serve([record(0), record(1, { actor: 'bob (key:f00)', caller: 'key:f00' }), load]);
  const ids = async (...options: string[]) => {
    const { out } = await runCommand(['audit', '--json', ...options], pop.url);
    return out.match(/"requestId":"(r\d)"/g)?.map((found) => found.slice(-3, -1)) ?? [];
  };
  expect(await ids('--actor', 'bob')).toEqual(['r1']);
  expect(await ids('--actor', 'key:f00')).toEqual(['r1']);
  expect(await ids('--change', 'loaded')).toEqual(['r2']);
  expect(await ids('--model', 'fan')).toEqual(['r2']);
  expect(await ids('--model', 'pump', '--actor', 'ann')).toEqual(['r0']);
  expect((await runCommand(['audit', '--model', 'fan', '--actor', 'bob'], pop.url)).out).toBe('no such changes\n');
});

it('asks for no more pages than the limit and the time need', async () => {
  serve(Array.from({ length: 10 }, (_, n) => record(n)));
  const lines = async (...options: string[]) =>
    (await runCommand(['audit', ...options], pop.url)).out.split('\n').length - 2;
  expect(await lines('--limit', '1')).toBe(1);
  expect(pop.calls).toHaveLength(1);
  expect(await lines('--since', '3m')).toBe(4);
  expect(pop.calls).toHaveLength(4);
  expect(await lines('--since', '2026-11-24T11:58:30Z')).toBe(2);
  expect(await lines('--since', '2026-11-24')).toBe(10);
});

it('stops after 5000 changes and says so', async () => {
  serve(
    Array.from({ length: 5001 }, (_, n) => record(n)),
    100,
  );
  const { err } = await runCommand(['audit', '--model', 'fan'], pop.url);
  expect(err).toBe('only the newest 5000 changes were looked at, back to 2026-11-21 00:40:00\n');
  expect(pop.calls).toHaveLength(51);
});

it('fits its columns into the terminal, and cuts nothing', async () => {
  serve([record(0)]);
  const { out } = await runCommand(['audit'], pop.url, { screenColumns: 60 });
  const lines = out.split('\n');
  expect(lines.filter((line) => line.length > 60)).toEqual([]);
  const whole = (await runCommand(['audit'], pop.url)).out;
  expect(whole.split('\n')).toHaveLength(3);
  const letters = (text: string) => text.replace(/\s/g, '').split('').toSorted().join('');
  expect(letters(out)).toBe(letters(whole));
});

it.each([['yesterday'], ['7'], ['2026-13-45']])('--since %s is wrong usage', async (text) => {
  const { status, err } = await runCommand(['audit', '--since', text], pop.url);
  expect(status).toBe(2);
  expect(err).toContain('expected a date like 2026-11-24');
});
