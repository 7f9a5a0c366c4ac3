// Takeovers with a warmer whose every load the tests end: what is loaded, what is served meanwhile, and what is held back.
import { beforeEach, describe, expect, test } from 'vitest';
import { PopserveError } from '../../../registry/errors.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { type Route, type RouteCopy, routedVersions } from '../../../registry/route.ts';
import type { RoutingAction } from '../../../registry/route-action.ts';
import { nextRoute } from '../../../registry/transition.ts';
import { Snapshots } from '../../../worker/routing/snapshots.ts';
import { sampleRelease } from '../../registry/sample-release.ts';

const model = 'pump';
const sample = await sampleRelease(model, '0');
const context = { model, actor: 'ann', at: new Date(0) };
const scope = { waitUntil: () => undefined };
const activate = (version: string): RoutingAction => ({ action: 'activate', version });
const alias = (name: string, version: string): RoutingAction => ({ action: 'alias', name, version });
const canary: RoutingAction = { action: 'canary', version: '2', percent: 50 };

function copyAfter(...actions: RoutingAction[]): RouteCopy {
  const route = actions.reduce<Route | null>((current, action) => nextRoute(current, action, context), null) as Route;
  const manifests = routedVersions(route).map((version): [string, Manifest] => [
    version,
    { ...sample.manifest, version },
  ]);
  return { route, manifests: Object.fromEntries(manifests) };
}

let snapshots: Snapshots;
/** `warm 2`, `verify 2`, in order. */
let calls: string[];
let logged: unknown[];
/** Why each of these versions cannot be loaded. */
let faults: Map<string, string>;
let tight: Set<string>;
/** Loads that the tests end themselves, in order of their beginning; null: every load ends at once. */
const unavailable = (reason: string) => new PopserveError('UNAVAILABLE', reason);
let loads: { version: string; end: () => void; fail: (reason: string) => void }[] | null;
let asked: [version: string, beside: string[]][];

beforeEach(() => {
  [calls, logged, faults, tight, loads, asked] = [[], [], new Map(), new Set(), null, []];
  snapshots = new Snapshots(
    {
      fitsBeside: ({ version }, others) => {
        asked.push([version, others.map((other) => other.version)]);
        return !tight.has(version);
      },
      trust: () => undefined,
      verify: async ({ version }) => void calls.push(`verify ${version}`),
      warm: async ({ version }) => {
        calls.push(`warm ${version}`);
        const reason = faults.get(version);
        if (reason !== undefined) throw unavailable(reason);
        if (loads === null) return;
        const load = Promise.withResolvers<void>();
        loads.push({ version, end: load.resolve, fail: (why) => load.reject(unavailable(why)) });
        await load.promise;
      },
    },
    (event, fields) => void logged.push({ event, ...fields }),
  );
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const epoch = () => snapshots.serving(model).epoch;

describe('what is served', () => {
  test('is nothing before the first route', () => {
    expect(snapshots.serving(model)).toEqual({ epoch: 0, stable: null, canary: null, held: null, ahead: null });
    expect(snapshots.get(model)).toBeUndefined();
  });

  test('is what the route says, with the canary and its share', () => {
    snapshots.install(copyAfter(activate('1'), canary));
    expect(snapshots.serving(model)).toEqual({
      epoch: 2,
      stable: '1',
      canary: { version: '2', percent: 50 },
      held: null,
      ahead: null,
    });
    snapshots.install(copyAfter(activate('1'), canary, { action: 'abort' }));
    expect(snapshots.serving(model)).toEqual({ epoch: 3, stable: '1', canary: null, held: null, ahead: null });
  });

  test('is no stable where only an alias is routed', () => {
    snapshots.install(copyAfter(alias('lab', '7')));
    expect(snapshots.serving(model)).toMatchObject({ epoch: 1, stable: null });
  });

  test('changes with a newer route only, which is logged', () => {
    const [first, other] = [copyAfter(activate('1')), copyAfter(activate('9'))];
    const second = copyAfter(activate('1'), activate('2'));
    snapshots.install(first);
    expect(logged).toEqual([]);
    snapshots.install(other);
    expect([snapshots.get(model)?.copy, logged]).toEqual([first, []]);
    snapshots.install(second);
    snapshots.install(first);
    expect(snapshots.get(model)?.copy).toBe(second);
    expect(logged).toEqual([{ event: 'switchover', model, epoch: 2, from: 1 }]);
  });
});

describe('a takeover', () => {
  test('of the first route loads its versions, with nothing beside them', async () => {
    await snapshots.takeOver(copyAfter(activate('1'), canary), scope);
    expect([calls, epoch()]).toEqual([['warm 1', 'warm 2'], 2]);
    expect(asked).toEqual([
      ['1', []],
      ['2', ['1']],
    ]);
  });

  test('of a route that is not newer loads nothing', async () => {
    snapshots.install(copyAfter(activate('1'), activate('2')));
    await snapshots.takeOver(copyAfter(activate('7'), activate('8')), scope);
    await snapshots.takeOver(copyAfter(activate('9')), scope);
    expect([calls, epoch(), snapshots.serving(model).stable]).toEqual([[], 2, '2']);
  });

  test('leaves what does not fit beside stable for the requests that ask for it', async () => {
    snapshots.install(copyAfter(activate('1')));
    tight.add('7').add('2');
    await snapshots.takeOver(copyAfter(activate('1'), alias('lab', '7'), canary), scope);
    expect([calls, epoch()]).toEqual([[], 3]);
  });

  test('goes on after a version that cannot be loaded, unless it is stable', async () => {
    snapshots.install(copyAfter(activate('1')));
    faults.set('2', 'refused');
    await snapshots.takeOver(copyAfter(activate('1'), alias('lab', '7'), canary), scope);
    expect([calls, epoch()]).toEqual([['warm 2', 'warm 7'], 3]);
    calls = [];
    faults.set('3', 'refused');
    await snapshots.takeOver(copyAfter(activate('1'), alias('lab', '7'), alias('new', '8'), activate('3')), scope);
    expect([calls, epoch()]).toEqual([['warm 3'], 3]);
  });

  test('that is held back says why, with every reason, and is logged once for each', async () => {
    snapshots.install(copyAfter(activate('1')));
    const next = copyAfter(activate('1'), alias('lab', '7'), alias('new', '8'));
    faults.set('7', 'refused').set('8', 'damaged');
    for (let count = 0; count < 2; count++) await snapshots.takeOver(next, scope);
    const held = { epoch: 3, reason: 'refused; damaged' };
    expect(snapshots.serving(model)).toEqual({ epoch: 1, stable: '1', canary: null, held, ahead: null });
    expect(logged).toEqual([{ event: 'takeover-held', model, serving: 1, ...held }]);
    faults.delete('8');
    await snapshots.takeOver(next, scope);
    expect(snapshots.serving(model).held).toEqual({ epoch: 3, reason: 'refused' });
    expect(logged).toHaveLength(2);
    await snapshots.takeOver(copyAfter(activate('1'), alias('lab', '7'), alias('new', '8'), alias('old', '9')), scope);
    expect(snapshots.serving(model).held).toEqual({ epoch: 4, reason: 'refused' });
    expect(logged).toHaveLength(3);
  });

  test('of a first route whose stable cannot be loaded serves nothing', async () => {
    faults.set('1', 'refused');
    await snapshots.takeOver(copyAfter(activate('1')), scope);
    expect([snapshots.get(model), epoch()]).toEqual([undefined, 0]);
  });
});

describe('a swap', () => {
  const [before, next] = [copyAfter(activate('1')), copyAfter(activate('1'), activate('2'))];
  beforeEach(() => {
    tight.add('2').add('3');
    snapshots.install(before);
    loads = [];
  });

  test('verifies the new version, and serves it once it is loaded', async () => {
    const takeover = snapshots.takeOver(next, scope);
    await turn();
    expect([calls, epoch()]).toEqual([['verify 2', 'warm 2'], 1]);
    loads?.[0]?.end();
    await takeover;
    expect([calls, epoch()]).toEqual([['verify 2', 'warm 2'], 2]);
  });

  test('is finished by a request that waits, where the request that began it has died', async () => {
    void snapshots.takeOver(next, scope);
    await turn();
    const waiting = snapshots.waitForSwap(model, scope);
    loads?.[1]?.end();
    await waiting;
    expect(epoch()).toBe(2);
    await snapshots.waitForSwap(model, scope);
    expect(loads).toHaveLength(2);
  });

  test('that fails is held back by a request that waits as well', async () => {
    void snapshots.takeOver(next, scope);
    await turn();
    const waiting = snapshots.waitForSwap(model, scope);
    loads?.[1]?.fail('refused');
    await waiting;
    expect(snapshots.serving(model)).toMatchObject({ epoch: 1, held: { epoch: 2, reason: 'refused' } });
  });

  test('that fails loads the old version again, whether that succeeds or not', async () => {
    for (const outcome of ['end', 'fail'] as const) {
      [calls, loads] = [[], []];
      const takeover = snapshots.takeOver(next, scope);
      await turn();
      loads[0]?.fail('refused');
      await turn();
      expect(calls).toEqual(['verify 2', 'warm 2', 'warm 1']);
      loads[1]?.[outcome]('away');
      await takeover;
      expect(snapshots.serving(model)).toMatchObject({ epoch: 1, held: { epoch: 2, reason: 'refused' } });
    }
  });

  test('that fails where nothing was served before loads nothing else', async () => {
    tight.add('1');
    const fresh = { ...before, route: { ...before.route, model: 'fan' } };
    const takeover = snapshots.takeOver(fresh, scope);
    await turn();
    loads?.[0]?.fail('refused');
    await takeover;
    expect([calls, snapshots.serving('fan').epoch]).toEqual([['verify 1', 'warm 1'], 0]);
  });

  test('that fails after a newer route is served holds nothing back', async () => {
    const takeover = snapshots.takeOver(next, scope);
    await turn();
    snapshots.install(copyAfter(activate('1'), activate('2'), activate('1')));
    loads?.[0]?.fail('refused');
    await turn();
    loads?.[1]?.end();
    await takeover;
    expect(snapshots.serving(model)).toMatchObject({ epoch: 3, held: null });
  });

  test('of a newer route is waited for, also after an older one has ended', async () => {
    void snapshots.takeOver(next, scope);
    await turn();
    void snapshots.takeOver(copyAfter(activate('1'), activate('2'), activate('3')), scope);
    await turn();
    expect(loads?.map(({ version }) => version)).toEqual(['2', '3']);
    loads?.[0]?.end();
    await turn();
    expect(epoch()).toBe(2);
    const waiting = snapshots.waitForSwap(model, scope);
    loads?.[2]?.end();
    await waiting;
    expect(epoch()).toBe(3);
  });

  test('is waited for by requests of its own model only', async () => {
    void snapshots.takeOver(next, scope);
    await turn();
    await snapshots.waitForSwap('fan', scope);
    expect(loads).toHaveLength(1);
  });
});
