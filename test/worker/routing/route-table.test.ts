// The routes of one isolate over stores whose every call is counted and can fail, with a cache that loads what it is told to.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PopserveError } from '../../../registry/errors.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { Registry } from '../../../registry/registry.ts';
import type { RouteAction } from '../../../registry/route-action.ts';
import { writeIntervalMs } from '../../../registry/write-rate.ts';
import { RouteTable } from '../../../worker/routing/route-table.ts';
import type { Warmer } from '../../../worker/routing/snapshots.ts';
import { intercept } from '../../registry/intercept.ts';
import { createMemoryStores } from '../../registry/memory-stores.ts';
import { sampleRelease, upload } from '../../registry/sample-release.ts';

const model = 'm';

/** Every copy is written a second after the one before it. */
function unhurriedStores() {
  const stores = createMemoryStores();
  const { put } = stores.copies;
  stores.copies.put = async (copy) => {
    await stores.pause(writeIntervalMs);
    await put(copy);
  };
  return stores;
}

class World {
  readonly stores = unhurriedStores();
  /** Writes as operators do, unseen by the isolate. */
  readonly operators = new Registry({ ...this.stores, now: () => new Date() });
  readonly calls: string[] = [];
  readonly logged: string[] = [];
  /** The fields logged with each of these events. */
  readonly fields: unknown[] = [];
  readonly loaded: string[] = [];
  readonly broken = new Set<string>();
  /** Their bytes are right; the runtime does not take them. */
  readonly refused = new Set<string>();
  readonly verified: string[] = [];
  fits = true;
  /** Loads wait for this. */
  loading: Promise<void> = Promise.resolve();
  intercepted: (name: string, call: () => Promise<unknown>) => Promise<unknown> = (_, call) => call();
  #background: Promise<unknown>[] = [];
  readonly scope = { waitUntil: (promise: Promise<unknown>) => void this.#background.push(promise) };
  readonly table: RouteTable;

  constructor(refreshSeconds = 0) {
    const warmer: Warmer = {
      fitsBeside: () => this.fits,
      trust: () => undefined,
      verify: async (manifest) => this.#load(manifest, this.verified),
      warm: async (manifest) => {
        await this.loading;
        if (this.refused.has(manifest.version))
          throw new PopserveError('UNAVAILABLE', `version ${manifest.version} is refused`);
        this.#load(manifest, this.loaded);
      },
    };
    const seen = intercept(this.stores, (name, call) => {
      this.calls.push(name);
      return this.intercepted(name, call);
    });
    const registry = new Registry({ ...seen, now: () => new Date() });
    this.table = new RouteTable({ registry, warmer, refreshSeconds, log: (...entry) => this.#log(...entry) });
  }

  async route(action: RouteAction): Promise<number> {
    return (await this.operators.appendRoute(model, action, { actor: 'ann' })).route.epoch;
  }

  /** One request and all that runs behind it. */
  async ask(options: { requested?: string; minEpoch?: number; key?: string } = {}) {
    const { requested = null, minEpoch = null, key = '' } = options;
    const resolved = await this.table.resolve({ model, requested, minEpoch, key }, this.scope);
    await this.settle();
    const { manifest, epoch, fallback, shadow } = resolved;
    return { version: manifest.version, epoch, fallback: fallback?.version, shadow: shadow?.manifest.version };
  }

  async settle(): Promise<void> {
    await Promise.all(this.#background.splice(0));
  }

  #log(event: string, fields: unknown): void {
    this.logged.push(event);
    this.fields.push(fields);
  }

  #load({ version }: Manifest, into: string[]): void {
    if (this.broken.has(version)) throw new PopserveError('UNAVAILABLE', `version ${version} is broken`);
    into.push(version);
  }
}

async function released(refreshSeconds = 0): Promise<World> {
  const world = new World(refreshSeconds);
  for (const version of ['1', '2', '3']) await upload(world.operators, await sampleRelease(model, version));
  await world.route({ action: 'activate', version: '1' });
  return world;
}

let world: World;
beforeEach(async () => {
  world = await released();
});

describe('a cold isolate', () => {
  test('pays for one KV read with its first request and compares it with the log behind it, and for nothing with the next ones', async () => {
    const cold = await released(3600);
    const asked = cold.ask();
    expect(await asked).toMatchObject({ version: '1', epoch: 1 });
    await cold.settle();
    expect(cold.calls).toEqual(['copies.get', 'routes.newest']);
    for (let count = 0; count < 10; count++) await cold.ask({ requested: count % 2 === 0 ? 'stable' : '1' });
    expect(cold.calls).toEqual(['copies.get', 'routes.newest']);
  });

  test.each([
    ['far ahead of the log', 1_000],
    ['a little ahead of the log', 2],
    ['of an epoch that the log has otherwise', 1],
  ])(
    'answers from a copy that is %s at most until it was compared, and does not believe it again',
    async (_, epoch) => {
      const cold = await released(0);
      const copy = await cold.stores.copies.get(model);
      if (copy === null) throw new Error('expected a copy');
      const audit = { ...copy.route.audit, actor: 'nobody' };
      await cold.stores.copies.put({ ...copy, route: { ...copy.route, epoch, audit } });
      expect(await cold.ask()).toMatchObject({ epoch });
      await cold.settle();
      for (let count = 0; count < 3; count++) {
        expect(await cold.ask()).toMatchObject({ version: '1', epoch: 1 });
        await cold.settle();
      }
      expect(cold.logged).toContain('route-retracted');
    },
  );

  test('takes over the newest route behind its first answer where the copy lags', async () => {
    const cold = await released(3600);
    const old = await cold.stores.copies.get(model);
    await cold.route({ action: 'activate', version: '2' });
    if (old !== null) await cold.stores.copies.put(old);
    expect(await cold.ask()).toMatchObject({ version: '1', epoch: 1 });
    await cold.settle();
    expect(await cold.ask()).toMatchObject({ version: '2', epoch: 2 });
    expect(cold.logged).not.toContain('route-retracted');
  });

  test('asks R2 where KV does not answer, and says 503 where neither does', async () => {
    world.intercepted = (name, call) => (name === 'copies.get' ? Promise.reject(new Error('KV is away')) : call());
    expect(await world.ask()).toMatchObject({ version: '1', epoch: 1 });
    const other = await released();
    other.intercepted = () => Promise.reject(new Error('the network is away'));
    await expect(other.ask()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    other.intercepted = (_, call) => call();
    expect(await other.ask()).toMatchObject({ version: '1', epoch: 1 });
  });
});

test('a canary that no request has met here is loaded before it is promoted', async () => {
  await world.route({ action: 'canary', version: '2', percent: 0 });
  expect(await world.ask()).toMatchObject({ version: '1', epoch: 2 });
  expect(world.loaded).toEqual([]);
  world.broken.add('2');
  await world.route({ action: 'promote' });
  for (let count = 0; count < 2; count++) expect(await world.ask()).toMatchObject({ version: '1', epoch: 2 });
  world.broken.clear();
  await world.ask();
  expect(world.loaded).toEqual(['2']);
  expect(await world.ask()).toMatchObject({ version: '2', epoch: 3 });
});

describe('a newer route', () => {
  beforeEach(() => world.ask());

  test('takes over after its versions are loaded, behind a request', async () => {
    await world.route({ action: 'activate', version: '2' });
    expect(await world.ask()).toMatchObject({ version: '1', epoch: 1 });
    expect(world.loaded).toEqual(['2']);
    expect(await world.ask()).toMatchObject({ version: '2', epoch: 2 });
  });

  test('is ignored if its epoch is lower', async () => {
    const old = await world.stores.copies.get(model);
    await world.route({ action: 'activate', version: '2' });
    await world.ask();
    if (old) await world.stores.copies.put(old);
    for (let count = 0; count < 3; count++) expect(await world.ask()).toMatchObject({ version: '2', epoch: 2 });
  });

  test('is held back while its stable cannot be loaded, visibly, and taken once it can', async () => {
    world.broken.add('2');
    await world.route({ action: 'activate', version: '2' });
    for (let count = 0; count < 3; count++) expect(await world.ask()).toMatchObject({ version: '1', epoch: 1 });
    expect(world.table.serving(model)).toMatchObject({ epoch: 1, held: { epoch: 2, reason: 'version 2 is broken' } });
    expect(world.logged.filter((event) => event === 'takeover-held')).toHaveLength(1);
    await expect(world.ask({ minEpoch: 2 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('epoch 2 is held back: version 2 is broken'),
    });
    world.broken.clear();
    await world.ask();
    expect(await world.ask()).toMatchObject({ version: '2', epoch: 2 });
    expect(world.table.serving(model).held).toBeNull();
  });

  test('goes past a broken one: a rollback reaches an isolate that never took over', async () => {
    world.broken.add('2');
    await world.route({ action: 'activate', version: '2' });
    await world.ask();
    await world.route({ action: 'rollback' });
    await world.ask();
    expect(await world.ask()).toMatchObject({ version: '1', epoch: 3 });
    expect(world.table.serving(model).held).toBeNull();
  });

  test('takes over without a canary that cannot be loaded; stable stands in for it', async () => {
    world.broken.add('3');
    await world.route({ action: 'canary', version: '3', percent: 100 });
    await world.ask();
    expect(await world.ask()).toMatchObject({ version: '3', epoch: 2, fallback: '1' });
    expect(await world.ask({ requested: 'canary' })).toMatchObject({ version: '3', fallback: undefined });
  });

  test('that does not fit beside the old one is verified before that gives way', async () => {
    world.fits = false;
    world.broken.add('2');
    await world.route({ action: 'activate', version: '2' });
    await world.ask();
    expect(await world.ask()).toMatchObject({ version: '1', epoch: 1 });
    world.broken.clear();
    await world.ask();
    expect(await world.ask()).toMatchObject({ version: '2', epoch: 2 });
    expect([world.verified, world.loaded]).toEqual([['2'], ['2']]);
  });

  test('that takes the room of the old one serves from when it is loaded; requests wait for it', async () => {
    world.fits = false;
    await world.route({ action: 'activate', version: '2' });
    const gate = Promise.withResolvers<void>();
    world.loading = gate.promise;
    const selector = { model, requested: null, minEpoch: null, key: '' };
    await world.table.resolve(selector, world.scope);
    await vi.waitFor(() => expect(world.verified).toEqual(['2']));
    let settled = false;
    const waiting = world.table.resolve(selector, world.scope).finally(() => {
      settled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([settled, world.table.serving(model).epoch]).toEqual([false, 1]);
    gate.resolve();
    expect(await waiting).toMatchObject({ epoch: 2, manifest: { version: '2' } });
  });

  test('that took the room of the old one and is refused gives it back, and is held back', async () => {
    world.fits = false;
    world.refused.add('2');
    await world.route({ action: 'activate', version: '2' });
    for (let count = 0; count < 3; count++) expect(await world.ask()).toMatchObject({ version: '1', epoch: 1 });
    expect(world.table.serving(model)).toMatchObject({ epoch: 1, held: { epoch: 2, reason: 'version 2 is refused' } });
    expect(world.loaded).toContain('1');
    await world.route({ action: 'activate', version: '3' });
    await world.ask();
    expect(await world.ask()).toMatchObject({ version: '3', epoch: 3 });
    expect(world.table.serving(model).held).toBeNull();
  });

  test('is seen at once by a request that asks for its epoch', async () => {
    const epoch = await world.route({ action: 'activate', version: '2' });
    expect(await world.ask({ minEpoch: epoch })).toMatchObject({ version: '2', epoch });
  });
});

describe('an epoch that is not there', () => {
  const clock = Date.now;
  const later = (ms: number) => {
    const now = Date.now;
    Date.now = () => now() + ms;
  };
  beforeEach(async () => {
    world = await released(3600);
    await world.ask();
    world.calls.length = 0;
  });
  afterEach(() => {
    Date.now = clock;
  });
  const looks = () => world.calls.filter((name) => name === 'routes.newest').length;
  const behind = { code: 'UNAVAILABLE', retryAfterSeconds: 1 };

  test('makes R2 be listed twice a second at most, however many ask for it', async () => {
    const started = performance.now();
    for (let round = 0; round < 3; round++) {
      const many = await Promise.allSettled(Array.from({ length: 50 }, () => world.ask({ minEpoch: 99 })));
      for (const each of many) expect(each).toMatchObject({ status: 'rejected', reason: behind });
    }
    // One at once, one for those that came during it, then one in each half second.
    expect(looks()).toBeLessThanOrEqual(2 + (performance.now() - started) / 500);
  });

  test('is seen as soon as it is released, even if it was asked for without a pause', async () => {
    await expect(world.ask({ minEpoch: 2 })).rejects.toMatchObject(behind);
    await expect(world.ask({ minEpoch: 1_000_000 })).rejects.toMatchObject(behind);
    await world.route({ action: 'activate', version: '2' });
    expect(await world.ask({ minEpoch: 2 })).toMatchObject({ version: '2', epoch: 2 });
  });

  test('is looked for again after a look that was not in vain, and after one that failed', async () => {
    for (const version of ['2', '3']) {
      const epoch = await world.route({ action: 'activate', version });
      world.intercepted = () => Promise.reject(new Error('R2 is away'));
      await expect(world.ask({ minEpoch: epoch })).rejects.toMatchObject(behind);
      world.intercepted = (_, call) => call();
      expect(await world.ask({ minEpoch: epoch })).toMatchObject({ version, epoch });
    }
  });

  test('that was written during the look of another request is found', async () => {
    const gate = Promise.withResolvers<void>();
    world.intercepted = async (_, call) => {
      const found = await call();
      await gate.promise;
      return found;
    };
    const other = world.ask({ minEpoch: 99 }).catch((error: unknown) => error);
    await vi.waitFor(() => expect(looks()).toBe(1));
    await world.route({ action: 'activate', version: '2' });
    const own = world.ask({ minEpoch: 2 });
    gate.resolve();
    expect(await own).toMatchObject({ version: '2', epoch: 2 });
    expect(await other).toMatchObject(behind);
  });

  test('is not waited for where the request that looked has died', async () => {
    const epoch = await world.route({ action: 'activate', version: '2' });
    world.intercepted = () => new Promise(() => {});
    const dead = { waitUntil: () => {} };
    const selector = { model, requested: null, minEpoch: epoch, key: '' };
    const died = world.table.resolve(selector, dead).catch((error: unknown) => error);
    world.intercepted = (_, call) => call();
    later(4_990);
    expect(await world.ask({ minEpoch: epoch })).toMatchObject({ version: '2', epoch });
    void died;
  });
});

test('a refresh that hangs holds up no request, and none of the refreshes after it for ever', async () => {
  await world.ask();
  await world.route({ action: 'activate', version: '2' });
  const clock = Date.now;
  try {
    world.intercepted = (name, call) => (name === 'copies.get' ? new Promise(() => {}) : call());
    const { table, scope } = world;
    const dead = { waitUntil: () => {} };
    const selector = { model, requested: null, minEpoch: null, key: '' };
    expect((await table.resolve(selector, dead)).epoch).toBe(1);
    world.intercepted = (_, call) => call();
    expect((await table.resolve(selector, scope)).epoch).toBe(1);
    await world.settle();
    expect((await table.resolve(selector, scope)).epoch).toBe(1);
    Date.now = () => clock() + 31_000;
    await world.ask();
    expect(await world.ask()).toMatchObject({ version: '2', epoch: 2 });
  } finally {
    Date.now = clock;
  }
});

describe('the isolate that wrote a route', () => {
  test('takes it over from the log at once, though KV is behind', async () => {
    world = await released(3600);
    await world.ask();
    world.intercepted = (name, call) => (name === 'copies.get' ? Promise.reject(new Error('KV is away')) : call());
    await world.route({ action: 'activate', version: '2' });
    expect(await world.ask()).toMatchObject({ version: '1', epoch: 1 });
    world.table.learn(model, world.scope);
    await world.settle();
    expect([world.loaded, world.table.serving(model).epoch]).toEqual([['2'], 2]);
  });

  test('forgets that the model had no route', async () => {
    world = new World(3600);
    await upload(world.operators, await sampleRelease(model, '1'));
    await expect(world.ask()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await world.route({ action: 'activate', version: '1' });
    await expect(world.ask()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await learnWithoutStorage();
    expect(await world.ask()).toMatchObject({ version: '1', epoch: 1 });
  });

  /** Where its own look fails, it shows what it forgot. */
  async function learnWithoutStorage(): Promise<void> {
    world.intercepted = () => Promise.reject(new Error('R2 is away'));
    world.table.learn(model, world.scope);
    await world.settle();
    expect(world.logged).toContain('refresh-failed');
    expect(world.fields.at(-1)).toEqual({
      model,
      error: 'PopserveError: the registry cannot be reached from here; try again (Error: R2 is away)',
    });
    world.intercepted = (_, call) => call();
  }

  test('has nothing to take over where there is no route', async () => {
    const fresh = new World();
    fresh.table.learn(model, fresh.scope);
    await fresh.settle();
    expect([fresh.logged, fresh.table.serving(model).epoch]).toEqual([[], 0]);
  });
});

describe('a model without a route', () => {
  beforeEach(async () => {
    world = new World(3600);
    await upload(world.operators, await sampleRelease(model, '1'));
  });

  test('answers for a version that is asked for, of no epoch', async () => {
    const selector = { model, requested: '1', minEpoch: null, key: '' };
    expect(await world.table.resolve(selector, world.scope)).toMatchObject({
      ...{ manifest: { version: '1' }, epoch: 0, route: null, routed: false },
      ...{ fallback: null, insteadOf: null, shadow: null, routeMs: 0 },
    });
  });

  test('has no default and no alias; a model that is not there is said not to be', async () => {
    await expect(world.ask()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 5 });
    await expect(world.ask({ requested: 'lab' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('version lab is not found'),
    });
    const other = { model: 'other', requested: null, minEpoch: null, key: '' };
    await expect(world.table.resolve(other, world.scope)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: "Request for unknown model: 'other' is not found",
    });
  });

  test('is at epoch 0 for a request that asks for one', async () => {
    await expect(world.ask({ minEpoch: 3 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: "model 'm' is at epoch 0 here, the request asks for at least 3",
      retryAfterSeconds: 1,
    });
  });
});

test('an alias that the route does not have lists no model', async () => {
  await world.ask();
  world.calls.length = 0;
  await expect(world.ask({ requested: 'lab' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(world.calls).not.toContain('manifests.listVersions');
});

describe('what a resolved request says', () => {
  test('is the fallback of a canary only, and a shadow of stable only', async () => {
    await world.route({ action: 'shadow', version: '3', percent: 10 });
    await world.ask();
    expect(await world.ask()).toEqual({ version: '1', epoch: 2, fallback: undefined, shadow: '3' });
    await world.route({ action: 'canary', version: '2', percent: 100 });
    await world.ask();
    expect(await world.ask()).toEqual({ version: '2', epoch: 3, fallback: '1', shadow: undefined });
    expect(await world.ask({ requested: '2' })).toEqual({
      version: '2',
      epoch: 3,
      fallback: undefined,
      shadow: undefined,
    });
  });

  test('is how long the first look at the route took', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    vi.advanceTimersByTime(1_000);
    try {
      world.intercepted = (name, call) => {
        if (name === 'copies.get') vi.advanceTimersByTime(7);
        return call();
      };
      expect(world.table.firstLookMs(model)).toBe(0);
      const selector = { model, requested: null, minEpoch: null, key: '' };
      for (let count = 0; count < 2; count++) {
        expect((await world.table.resolve(selector, world.scope)).routeMs).toBe(7);
      }
      expect(world.table.firstLookMs(model)).toBe(7);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('refreshing', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());
  const looks = () => world.calls.filter((name) => name === 'copies.get').length;

  test('happens behind a request once in each interval, also if nothing is new', async () => {
    world = await released(10);
    await world.ask();
    for (const [ms, seen] of [
      [9_999, 1],
      [1, 2],
      [0, 2],
      [9_999, 2],
      [1, 3],
    ] as const) {
      vi.advanceTimersByTime(ms);
      await world.ask();
      expect(looks()).toBe(seen);
    }
  });

  test('that fails is logged, and the route in use goes on serving', async () => {
    await world.ask();
    world.intercepted = () => Promise.reject(new Error('away'));
    expect(await world.ask()).toMatchObject({ version: '1', epoch: 1 });
    expect(world.logged.at(-1)).toBe('refresh-failed');
    expect(world.fields.at(-1)).toEqual({ model, error: 'Error: away' });
  });

  test('that finds no route any more serves on, and says once that the log has lost it', async () => {
    await world.ask();
    world.intercepted = async (name, call) => (name === 'copies.get' || name === 'routes.newest' ? null : call());
    for (let count = 0; count < 2; count += 1) {
      expect(await world.ask()).toMatchObject({ version: '1', epoch: 1 });
      expect(world.table.serving(model).ahead).toEqual({ logEpoch: 0 });
    }
    expect(world.logged).toEqual(['epoch-ahead']);
    world.intercepted = async (_, call) => call();
    await world.ask();
    expect(world.table.serving(model).ahead).toBeNull();
  });

  test('that finds no copy asks the log, which has the route', async () => {
    await world.ask();
    world.intercepted = async (name, call) => (name === 'copies.get' ? null : call());
    await world.ask();
    expect(world.table.serving(model).ahead).toBeNull();
    expect(world.logged).toEqual([]);
  });

  test('that comes back late ends no later one', async () => {
    await world.ask();
    const late = Promise.withResolvers<void>();
    const held = async (_: string, call: () => Promise<unknown>) => {
      await late.promise;
      return call();
    };
    const selector = { model, requested: null, minEpoch: null, key: '' };
    world.intercepted = held;
    await world.table.resolve(selector, world.scope);
    vi.advanceTimersByTime(30_000);
    const forever = new Promise(() => undefined);
    world.intercepted = () => forever;
    await world.table.resolve(selector, { waitUntil: () => undefined });
    late.resolve();
    await world.settle();
    const before = looks();
    await world.table.resolve(selector, { waitUntil: () => undefined });
    expect(looks()).toBe(before);
  });
});

test('an epoch that is here is answered without a look at R2', async () => {
  world = await released(3600);
  await world.ask();
  world.calls.length = 0;
  expect(await world.ask({ minEpoch: 1 })).toMatchObject({ version: '1', epoch: 1 });
  expect(world.calls).toEqual([]);
});

test('the shadow runs along with stable alone, and only by the default route', async () => {
  await world.route({ action: 'shadow', version: '2', percent: 10 });
  expect(await world.ask()).toMatchObject({ version: '1', shadow: '2' });
  expect(await world.ask({ requested: '1' })).toMatchObject({ version: '1', shadow: undefined });
});

test('whatever is released, lost, late or broken: epochs never go down and version and epoch belong together', async () => {
  const version = fc.constantFrom('1', '2', '3');
  const step = fc.oneof(
    fc.record({ do: fc.constant('activate' as const), version }),
    fc.record({ do: fc.constant('canary' as const), version, percent: fc.constantFrom(5, 50, 100) }),
    fc.record({ do: fc.constantFrom('abort' as const, 'promote' as const, 'rollback' as const) }),
    fc.record({ do: fc.constant('ask' as const), key: fc.string({ maxLength: 4 }) }),
    fc.record({ do: fc.constantFrom('break' as const, 'refuse' as const), version }),
    fc.record({ do: fc.constantFrom('mend' as const, 'staleCopy' as const, 'loseStore' as const, 'tight' as const) }),
  );
  const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const run = await released();
    const copies = [await run.stores.copies.get(model)];
    let highest = 0;
    for (const each of steps) {
      if (each.do === 'break') run.broken.add(each.version);
      else if (each.do === 'refuse') run.refused.add(each.version);
      else if (each.do === 'mend') {
        run.broken.clear();
        run.refused.clear();
        run.fits = true;
        run.intercepted = (_, call) => call();
      } else if (each.do === 'tight') run.fits = false;
      else if (each.do === 'loseStore') run.intercepted = () => Promise.reject(new Error('away'));
      else if (each.do === 'staleCopy') {
        const [old] = copies;
        if (old) await run.stores.copies.put(old);
      } else if (each.do === 'ask') {
        const answer = await run.ask({ key: each.key }).catch((error: unknown) => {
          // Only before the first route could be read.
          expect(highest, String(error)).toBe(0);
          return null;
        });
        if (answer === null) continue;
        expect(answer.epoch).toBeGreaterThanOrEqual(highest);
        highest = answer.epoch;
        const route = await run.stores.routes.get(model, answer.epoch);
        expect([route?.aliases.stable, route?.rollout?.version]).toContain(answer.version);
      } else {
        const { do: action, ...rest } = each;
        await run.route({ action, ...rest } as RouteAction).catch(() => undefined);
        copies.push(await run.stores.copies.get(model));
      }
    }
  });
  await fc.assert(property, { numRuns: 150 });
});
