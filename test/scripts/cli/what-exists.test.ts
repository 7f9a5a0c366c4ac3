import { beforeEach, describe, expect, it } from 'vitest';
import { commandFor } from './captured-host.ts';
import { ScriptedPop } from './scripted-pop.ts';

const pop = ScriptedPop.perCase();
const popserve = commandFor(pop);

const missing = { status: 404, body: { error: 'not found' } };
const digest = `sha256:${'a'.repeat(64)}`;
const version = (name: string) => ({ version: name, digest, storedAt: '2026-11-24T10:00:00Z', routedAs: [] });

beforeEach(() => {
  pop.intercept = ({ call }) => {
    if (call === 'GET /registry/models') {
      const names = ['gauge', 'press'];
      return { status: 200, body: { models: names.map((name) => ({ name, versions: 2, route: null })), next: null } };
    }
    if (call === 'GET /registry/models/gauge') {
      const versions = [version('v1'), version('v2')];
      return { status: 200, body: { name: 'gauge', versions, route: null, retired: ['v0'] } };
    }
    return missing;
  };
});

describe('a name that there is not', () => {
  it.each([
    [['activate', 'gauge', 'v3'], "versions of 'gauge': v2, v1"],
    [['activate', 'gauge', 'v0'], "'v0' was retired; versions of 'gauge': v2, v1"],
    [['canary', 'gauge', 'v3', '--percent', '5'], "versions of 'gauge': v2, v1"],
    [['rollback', 'gauge', 'v3'], "versions of 'gauge': v2, v1"],
    [['alias', 'gauge', 'night', 'v3'], "versions of 'gauge': v2, v1"],
    [['show', 'gauge', 'v3'], "versions of 'gauge': v2, v1"],
    [['verify', 'gauge', 'v3'], "versions of 'gauge': v2, v1"],
    [['retire', 'gauge', 'v3'], "versions of 'gauge': v2, v1"],
    [['drift', 'gauge', '--version', 'v3'], "versions of 'gauge': v2, v1"],
    [['infer', 'gauge', '--version', 'v3', '--record', 'a=1'], "versions of 'gauge': v2, v1"],
    [['activate', 'gaug', 'v1'], 'models there: gauge, press'],
    [['status', 'pres'], 'models there: press, gauge'],
    [['history', 'pres'], 'models there: press, gauge'],
    [['show', 'pres'], 'models there: press, gauge'],
  ])('%j is answered with those that there are', async (args, told) => {
    const { status, err, out } = await popserve(...args);
    expect(status).toBe(1);
    expect(`${out}${err}`).toBe(`popserve: not found; ${told}\n`);
  });

  it('leaves other things that are not found alone', async () => {
    const { err } = await popserve('status', 'gauge');
    expect(err).toBe('popserve: not found\n');
  });

  it('says the same to programs', async () => {
    const { out } = await popserve('show', 'pres', '--json');
    expect(JSON.parse(out)).toEqual({ error: 'not found; models there: press, gauge', code: 'NOT_FOUND' });
  });
});
