import { describe, expect, it } from 'vitest';
import { commandFor } from '../captured-host.ts';
import { samplePublication } from '../sample-publication.ts';
import { ScriptedPop } from '../scripted-pop.ts';

const pop = ScriptedPop.perCase();
const popserve = commandFor(pop);

describe('the commands that change a route', () => {
  it.each([
    [['activate', 'm', 'v2'], { action: 'activate', version: 'v2' }],
    [['canary', 'm', 'v2', '--percent', '2.5'], { action: 'canary', version: 'v2', percent: 2.5 }],
    [
      ['canary', 'm', 'v2', '--percent', '5', '--max-error-share', '0.01', '--min-requests', '500'],
      { action: 'canary', version: 'v2', percent: 5, limits: { errorShare: 0.01, minRequests: 500 } },
    ],
    [
      [
        ...['canary', 'm', 'v2', '--percent', '5', '--max-disagreement-share', '0.1', '--max-drift', '0.25'],
        ...['--max-p95-ms', '150', '--max-accuracy-drop', '0.02'],
      ],
      {
        action: 'canary',
        version: 'v2',
        percent: 5,
        limits: { disagreementShare: 0.1, drift: 0.25, p95Ms: 150, accuracyDrop: 0.02, minRequests: 100 },
      },
    ],
    [
      ['canary', 'm', 'v2', '--percent', '20', '--no-limits'],
      { action: 'canary', version: 'v2', percent: 20, limits: null },
    ],
    [['promote', 'm'], { action: 'promote' }],
    [['promote', 'm', '--breaking'], { action: 'promote', breaking: true }],
    [['alias', 'm', 'night', 'v2', '--breaking'], { action: 'alias', name: 'night', version: 'v2', breaking: true }],
    [['abort', 'm'], { action: 'abort' }],
    [['shadow', 'm', 'v2', '--percent', '0'], { action: 'shadow', version: 'v2', percent: 0 }],
    [['shadow', 'm', '--percent', '0'], { action: 'shadow', version: null }],
    [['alias', 'm', 'night', 'v2'], { action: 'alias', name: 'night', version: 'v2' }],
    [['unalias', 'm', 'night'], { action: 'alias', name: 'night', version: null }],
  ])('%j asks for %j', async (args, action) => {
    pop.intercept = () => ({ status: 409, body: { error: 'seen' } });
    await popserve(...args, '--reason', 'why', '--if-epoch', '3');
    const asked = pop.asked.filter(({ call }) => !call.startsWith('GET'));
    expect(asked.map(({ call }) => call)).toEqual(['POST /registry/models/m/routes']);
    expect(JSON.parse(asked[0]?.body.toString() ?? '')).toEqual({ ...action, reason: 'why' });
    expect(asked[0]?.headers).toMatchObject({ 'if-match': '"3"', 'popserve-actor': 'somebody' });
  });

  it.each([
    [['--min-requests', '5'], '--min-requests goes with a limit'],
    [['--no-limits', '--max-drift', '1'], '--no-limits goes with no limit'],
    [['--max-error-share', '2'], 'expected a number from 0 to 1'],
  ])('canary with %j is wrong usage', async (words, fault) => {
    const { status, err } = await popserve('canary', 'm', 'v2', '--percent', '5', ...words);
    expect([status, err]).toEqual([2, expect.stringContaining(fault)]);
    expect(pop.calls).toEqual([]);
  });

  it('say what is served from then on', async () => {
    expect((await popserve('activate', 'm', 'v1')).out).toBe('m: serving v1 (epoch 1)\n');
    expect((await popserve('activate', 'm', 'v1')).out).toBe('nothing to change\nm: serving v1 (epoch 1)\n');
    expect((await popserve('canary', 'm', 'v2', '--percent', '5')).out).toBe(
      'm: serving v1, 5 % of its traffic go to v2 (epoch 2)\n',
    );
    await popserve('alias', 'm', 'night', 'v2');
    expect((await popserve('shadow', 'm', 'v3', '--percent', '10')).out).toBe(
      'm: serving v1, 5 % of its traffic go to v2 (epoch 4)\nshadow: v3 runs along on 10 %\nalias night: v2\n',
    );
    const { out } = await popserve('promote', 'm', '--json');
    expect(JSON.parse(out)).toMatchObject({ created: true, copyPending: false, route: { epoch: 5, rollout: null } });
  });

  it('says why there was nothing to change for an alias that there is not and a canary that is not running', async () => {
    const { manifest } = await samplePublication({ model: 'm', version: 'v1' }, new TextEncoder().encode('v1'));
    pop.manifests.set('v1', manifest);
    await popserve('activate', 'm', 'v1');
    expect((await popserve('abort', 'm')).out).toContain('nothing to change: no canary of m is running\n');
    expect((await popserve('unalias', 'm', 'night')).out).toContain("m has no alias 'night'; it has none\n");
    await popserve('alias', 'm', 'night-shift', 'v1');
    expect((await popserve('unalias', 'm', 'nightshift')).out).toContain(
      "nothing to change: m has no alias 'nightshift'; aliases there: night-shift\n",
    );
  });

  it.each([
    [[], '"2"'],
    [['v1'], '"2"'],
    [['--if-epoch', '1'], '"1"'],
  ])('rollback %j goes to the version that it names, from the route that it has seen', async (words, seen) => {
    for (const version of ['v1', 'v2']) {
      pop.manifests.set(version, (await samplePublication({ model: 'm', version }, new Uint8Array([1]))).manifest);
      await popserve('activate', 'm', version);
    }
    const { err } = await popserve('rollback', 'm', ...words);
    expect(err).toBe('m: going back from v2 (epoch 2) to v1, last served at epoch 1\n');
    const asked = pop.asked.at(-1);
    expect(JSON.parse(asked?.body.toString() ?? '')).toEqual({ action: 'rollback', version: 'v1' });
    expect(asked?.headers).toMatchObject({ 'if-match': seen });
  });

  it('pass the refusal of a change on', async () => {
    const { status, err } = await popserve('promote', 'm');
    expect([status, err]).toEqual([
      1,
      "popserve: model 'm': there is no canary to promote; begin one with 'npx popserve canary m VERSION --percent 10'\n",
    ]);
  });

  it('say so when the copy for the PoPs is late', async () => {
    await popserve('activate', 'm', 'v1');
    const [route] = pop.routes;
    pop.intercept = () => ({ status: 201, body: { route, copyPending: true } });
    expect((await popserve('activate', 'm', 'v1')).out).toContain('PoPs hear of it in some seconds');
  });

  it.each(['activate', 'rollback', 'canary', 'promote', 'shadow', 'alias'])(
    '%s --breaking needs a reason',
    async (name) => {
      const words = { promote: [], rollback: [], alias: ['night', 'v2'] }[name] ?? ['v2'];
      const share = name === 'canary' || name === 'shadow' ? ['--percent', '5'] : [];
      const { status, err } = await popserve(name, 'm', ...words, ...share, '--breaking');
      expect([status, err]).toEqual([2, expect.stringContaining('--breaking needs --reason')]);
      expect(pop.calls).toEqual([]);
    },
  );

  it.each([
    { args: ['activate', 'm', 'v1'], attempts: 2 },
    { args: ['rollback', 'm'], attempts: 1 },
    { args: ['promote', 'm'], attempts: 1 },
  ])('$args is sent $attempts times when the answer is lost', async ({ args, attempts }) => {
    let lost = false;
    pop.intercept = ({ call }) => {
      if (lost || call.startsWith('GET')) return undefined;
      lost = true;
      return 'drop';
    };
    pop.manifests.set('v1', (await samplePublication({ model: 'm', version: 'v1' }, new Uint8Array([1]))).manifest);
    await popserve(...args);
    expect(pop.calls.filter((call) => call.startsWith('POST'))).toHaveLength(attempts);
  });
});
