import { describe, expect, it } from 'vitest';
import { commandFor } from '../captured-host.ts';
import { ScriptedPop } from '../scripted-pop.ts';

const pop = ScriptedPop.perCase();
const popserve = commandFor(pop);

describe('the commands that change a route', () => {
  it.each([
    [['activate', 'm', 'v2'], { action: 'activate', version: 'v2' }],
    [['rollback', 'm'], { action: 'rollback' }],
    [['rollback', 'm', 'v1'], { action: 'rollback', version: 'v1' }],
    [['canary', 'm', 'v2', '--percent', '2.5'], { action: 'canary', version: 'v2', percent: 2.5 }],
    [
      ['canary', 'm', 'v2', '--percent', '5', '--max-error-share', '0.01', '--min-requests', '500'],
      { action: 'canary', version: 'v2', percent: 5, limits: { errorShare: 0.01, minRequests: 500 } },
    ],
    [
      ['canary', 'm', 'v2', '--percent', '5', '--max-disagreement-share', '0.1', '--max-drift', '0.25'],
      {
        action: 'canary',
        version: 'v2',
        percent: 5,
        limits: { disagreementShare: 0.1, drift: 0.25, minRequests: 100 },
      },
    ],
    [
      ['canary', 'm', 'v2', '--percent', '20', '--no-limits'],
      { action: 'canary', version: 'v2', percent: 20, limits: null },
    ],
    [['promote', 'm'], { action: 'promote' }],
    [['abort', 'm'], { action: 'abort' }],
    [['shadow', 'm', 'v2', '--percent', '0'], { action: 'shadow', version: 'v2', percent: 0 }],
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
    [['--max-error-share', '2'], 'Too big'],
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

  it('pass the refusal of a change on', async () => {
    const { status, err } = await popserve('promote', 'm');
    expect([status, err]).toEqual([1, "popserve: model 'm': expected a rollout to promote, there is none\n"]);
  });

  it('say so when the copy for the PoPs is late', async () => {
    await popserve('activate', 'm', 'v1');
    const [route] = pop.routes;
    pop.intercept = () => ({ status: 201, body: { route, copyPending: true } });
    expect((await popserve('activate', 'm', 'v1')).out).toContain('PoPs hear of it with the next scheduled repair');
  });

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
    await popserve(...args);
    expect(pop.calls.filter((call) => call.startsWith('POST'))).toHaveLength(attempts);
  });
});
