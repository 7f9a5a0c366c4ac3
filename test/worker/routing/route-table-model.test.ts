// The route table as a state machine: releases, KV copies of any age, storage that fails, versions that do not load, requests.
// Whatever the order, the epoch never falls, an answer's version is one that its epoch names, and what took over was loaded
// before.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { PopserveError } from '../../../registry/errors.ts';
import { Registry } from '../../../registry/registry.ts';
import type { RouteCopy } from '../../../registry/route.ts';
import type { RouteAction } from '../../../registry/route-action.ts';
import { type Resolved, RouteTable } from '../../../worker/routing/route-table.ts';
import { createMemoryStores } from '../../registry/memory-stores.ts';
import { uploadVersions } from '../../registry/sample-release.ts';

const versions = ['1', '2', '3'];
const now = () => new Date('2026-11-23T10:00:00Z');

/** The world outside the table: the log, every copy that KV ever had, and what is broken. */
class World {
  readonly stores = createMemoryStores();
  readonly registry = new Registry({ ...this.stores, now });
  readonly copies: RouteCopy[] = [];
  readonly broken = new Set<string>();
  /** The copy that this PoP's KV answers with: an index into `copies`, -1 for none. */
  seen = -1;
  kvFails = false;
  r2Fails = false;
}

class Isolate {
  readonly loaded = new Set<string>();
  readonly table: RouteTable;
  readonly world: World;
  epoch = 0;
  served = false;
  /** Sides of the first answer's route that no later one has changed: their versions are loaded as they are asked for. */
  #unchanged: Sides | null = null;
  #behind: Promise<unknown>[] = [];

  constructor(world: World) {
    this.world = world;
    const storage = new Registry({
      ...world.stores,
      routes: {
        ...world.stores.routes,
        newest: async (model) => {
          if (world.r2Fails) throw new Error('R2 is away');
          return await world.stores.routes.newest(model);
        },
      },
      copies: {
        ...world.stores.copies,
        get: async () => {
          if (world.kvFails) throw new Error('KV is away');
          return world.copies[world.seen] ?? null;
        },
      },
      now,
    });
    this.table = new RouteTable({
      registry: storage,
      warmer: {
        fitsBeside: () => true,
        trust: () => undefined,
        verify: async () => undefined,
        warm: async ({ version }) => {
          if (world.broken.has(version)) {
            throw new PopserveError('UNAVAILABLE', `version ${version} does not load`, { retryAfterSeconds: 1 });
          }
          this.loaded.add(version);
        },
      },
      refreshSeconds: 0,
      log: () => undefined,
    });
  }

  /** A request; what it leaves behind is done when this returns. */
  async ask(minEpoch: number | null): Promise<void> {
    const scope = { waitUntil: (promise: Promise<unknown>) => void this.#behind.push(promise) };
    const before = this.epoch;
    const answer = await whileTimePasses(
      this.table
        .resolve({ model: 'pump', requested: null, minEpoch, key: 'device-1' }, scope)
        .catch((error: unknown) => error),
    );
    while (this.#behind.length > 0) await Promise.all(this.#behind.splice(0));
    if (answer instanceof Error) {
      expect(answer).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: expect.any(Number) });
      // Once it serves, only an epoch that it cannot reach is refused.
      expect(this.served && minEpoch === null).toBe(false);
      return;
    }
    const { epoch, manifest, fallback } = answer as Resolved;
    expect(epoch).toBeGreaterThanOrEqual(Math.max(before, minEpoch ?? 0));
    const route = await this.world.stores.routes.get('pump', epoch);
    const sides = { stable: route?.aliases.stable, canary: route?.rollout?.version };
    expect([sides.stable, sides.canary]).toContain(manifest.version);
    this.#unchanged ??= sides;
    for (const side of ['stable', 'canary'] as const) {
      if (this.#unchanged[side] !== sides[side]) this.#unchanged[side] = undefined;
    }
    // A version that took over is loaded before it is asked for; a canary that would not load has a stable to answer for it.
    if (!this.#isReady(manifest.version)) {
      expect(manifest.version).toBe(sides.canary);
      expect(this.#isReady(fallback?.version)).toBe(true);
    }
    // The request's own run.
    for (const version of [manifest.version, fallback?.version]) {
      if (version === undefined || this.world.broken.has(version)) continue;
      this.loaded.add(version);
      break;
    }
    this.epoch = epoch;
    this.served = true;
  }

  #isReady(version: string | undefined): boolean {
    const { stable, canary } = this.#unchanged ?? {};
    return version !== undefined && (this.loaded.has(version) || version === stable || version === canary);
  }
}

/** Requests may wait for the next look at R2. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  while (!done) {
    await vi.advanceTimersByTimeAsync(25);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await ended;
}

interface Sides {
  stable: string | undefined;
  canary: string | undefined;
}

interface State {
  epoch: number;
  /** Some version is stable. */
  active: boolean;
}

abstract class Step implements fc.AsyncCommand<State, { world: World; isolate: Isolate }> {
  check(_state: Readonly<State>): boolean {
    return true;
  }
  abstract run(state: State, real: { world: World; isolate: Isolate }): Promise<void>;
  abstract toString(): string;
}

class Release extends Step {
  readonly action: RouteAction;
  constructor(action: RouteAction) {
    super();
    this.action = action;
  }
  async run(state: State, { world }: { world: World }): Promise<void> {
    const change = await world.registry.appendRoute('pump', this.action, { actor: 'ann' }).catch(() => null);
    if (!change?.created) return;
    state.epoch = change.route.epoch;
    state.active = change.route.aliases.stable !== undefined;
    const copy = await world.registry.readNewest('pump');
    if (copy) world.copies.push(copy);
  }
  toString = () => `release ${JSON.stringify(this.action)}`;
}

class Disturb extends Step {
  readonly what: { seen: number; kvFails: boolean; r2Fails: boolean; broken: string[] };
  constructor(what: Disturb['what']) {
    super();
    this.what = what;
  }
  async run(_state: State, { world }: { world: World }): Promise<void> {
    // KV may go back to an older copy than it had.
    world.seen = Math.min(this.what.seen, world.copies.length - 1);
    world.kvFails = this.what.kvFails;
    world.r2Fails = this.what.r2Fails;
    world.broken.clear();
    for (const version of this.what.broken) world.broken.add(version);
  }
  toString = () => `disturb ${JSON.stringify(this.what)}`;
}

class Ask extends Step {
  readonly newest: boolean;
  constructor(newest: boolean) {
    super();
    this.newest = newest;
  }
  override check(state: Readonly<State>): boolean {
    return state.active;
  }
  async run(state: State, { isolate, world }: { isolate: Isolate; world: World }): Promise<void> {
    await isolate.ask(this.newest ? state.epoch : null);
    // With nothing broken, read-your-release holds, whoever asked for whatever before.
    if (this.newest && !world.r2Fails && world.broken.size === 0) expect(isolate.epoch).toBe(state.epoch);
  }
  toString = () => `ask${this.newest ? ' for the newest' : ''}`;
}

/** Asks for an epoch that does not exist, as a client that is broken or means harm does. */
class AskAhead extends Step {
  readonly by: number;
  constructor(by: number) {
    super();
    this.by = by;
  }
  async run(state: State, { isolate }: { world: World; isolate: Isolate }): Promise<void> {
    await isolate.ask(state.epoch + this.by);
  }
  toString = () => `ask ${this.by} ahead`;
}

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterAll(() => void vi.useRealTimers());

const version = fc.constantFrom(...versions);
const action: fc.Arbitrary<RouteAction> = fc.oneof(
  fc.record({ action: fc.constant('activate' as const), version }),
  fc.record({ action: fc.constant('canary' as const), version, percent: fc.constantFrom(5, 50, 100) }),
  fc.constantFrom<RouteAction[]>({ action: 'rollback' }, { action: 'promote' }, { action: 'abort' }),
  fc.record({ action: fc.constant('shadow' as const), version: fc.option(version), percent: fc.constant(10) }),
  fc.record({ action: fc.constant('alias' as const), name: fc.constant('lab'), version: fc.option(version) }),
);
const commands = fc.commands(
  [
    action.map((each) => new Release(each)),
    fc
      .record({
        seen: fc.integer({ min: -1, max: 8 }),
        kvFails: fc.boolean(),
        r2Fails: fc.boolean(),
        broken: fc.subarray(versions),
      })
      .map((what) => new Disturb(what)),
    fc.boolean().map((newest) => new Ask(newest)),
    fc.constantFrom(1, 1_000_000).map((by) => new AskAhead(by)),
    fc.constant(new Ask(false)),
  ],
  { size: '+1' },
);

it('serves from epochs that never fall, of versions that they name and that were loaded first', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const world = new World();
      await uploadVersions(world.registry, 'pump', versions);
      const setup = () => ({ model: { epoch: 0, active: false }, real: { world, isolate: new Isolate(world) } });
      await fc.asyncModelRun(setup, steps);
    }),
    { numRuns: 150 },
  );
});
