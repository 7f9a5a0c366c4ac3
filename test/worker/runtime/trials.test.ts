// Trials of two isolates over one storage, under a clock that the tests move.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Registry } from '../../../registry/registry.ts';
import { HeapBrokenError, OrtError } from '../../../worker/runtime/heap-errors.ts';
import { Trials } from '../../../worker/runtime/trials.ts';
import { intercept } from '../../registry/intercept.ts';
import { createMemoryStores } from '../../registry/memory-stores.ts';
import { uploadVersions } from '../../registry/sample-release.ts';
import { sized, World } from './fake-runtime.ts';

const lostMs = 30_000;
let stores: ReturnType<typeof createMemoryStores>;
let calls: string[];
beforeEach(async () => {
  vi.useFakeTimers();
  stores = createMemoryStores();
  calls = [];
  await uploadVersions(new Registry({ ...stores, now: () => new Date() }), 'm', ['1']);
});
afterEach(() => vi.useRealTimers());

const manifest = await sized('1', 30);
const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function isolate(pop: string): { trials: Trials; world: World } {
  const seen = intercept(stores, (name, call) => {
    calls.push(name);
    return call();
  });
  const records = new Registry({ ...seen, now: () => new Date() });
  const trials = new Trials({ records, lostMs, pop: () => pop, log: () => undefined });
  const world = new World();
  world.trials = trials;
  return { trials, world };
}

describe('a version that loads', () => {
  test('is tried once, with its sample input, and costs the next isolate one list', async () => {
    const [fra, ams] = [isolate('FRA'), isolate('AMS')];
    expect(await fra.world.ask(manifest)).toBe('1');
    await fra.world.settle();
    expect(fra.world.loads.map(({ aside }) => aside)).toEqual([true]);
    expect(await stores.trials.read('m', '1')).toEqual({ proven: true, attempts: [] });
    calls = [];
    expect(await ams.world.ask(manifest)).toBe('1');
    ams.world.cache.unload('m', null);
    expect(await ams.world.ask(manifest)).toBe('1');
    await ams.world.settle();
    expect(calls).toEqual(['trials.read']);
  });

  test('costs nothing where its route says that it is proven', async () => {
    const { trials, world } = isolate('FRA');
    trials.trust('m', ['1']);
    expect(await world.ask(manifest)).toBe('1');
    expect([calls, world.loads[0]?.aside]).toEqual([[], false]);
  });

  test('without a sample input is proven by its first run that ends well', async () => {
    const { world } = isolate('FRA');
    const bare = { ...manifest, warmup: null };
    const refused = new OrtError(2, 'no such rank');
    const fails = () => {
      throw refused;
    };
    expect(await outcome(world.ask(bare, fails))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await world.settle();
    expect(await stores.trials.read('m', '1')).toEqual({ proven: false, attempts: [] });
    expect(await world.ask(bare)).toBe('1');
    await world.settle();
    expect(await stores.trials.read('m', '1')).toEqual({ proven: true, attempts: [] });
  });

  test('without a sample input is on trial at its first run, where it was loaded ahead of requests', async () => {
    const { world } = isolate('FRA');
    const bare = { ...manifest, warmup: null };
    await world.cache.warm(bare, world.scope);
    await world.settle();
    expect(await stores.trials.read('m', '1')).toEqual({ proven: false, attempts: [] });
    let during: unknown;
    await world.ask(bare, () => {
      during = stores.trials.read('m', '1');
    });
    expect(await during).toMatchObject({ attempts: [{ number: 1, pop: 'FRA' }] });
    await world.settle();
    expect(await stores.trials.read('m', '1')).toEqual({ proven: true, attempts: [] });
  });
});

describe('a trial elsewhere', () => {
  test('is waited for, and its end makes the version proven here', async () => {
    const [fra, ams] = [isolate('FRA'), isolate('AMS')];
    fra.world.held.add('1');
    const first = fra.world.ask(manifest);
    await pass(0);
    const second = ams.world.ask(manifest);
    await pass(5_000);
    expect(ams.world.loads).toHaveLength(0);
    fra.world.loads[0]?.finish();
    expect(await first).toBe('1');
    await pass(250);
    expect(await second).toBe('1');
    expect(ams.world.loads[0]?.aside).toBe(false);
  });

  test('that does not end is waited for 10 seconds at a time, then taken for failed', async () => {
    const [fra, ams] = [isolate('FRA'), isolate('AMS')];
    fra.world.held.add('1');
    void fra.world.ask(manifest);
    await pass(0);
    const second = outcome(ams.world.ask(manifest));
    await pass(10_000);
    expect(await second).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('it is on trial at PoP FRA'),
    });
    await pass(20_000);
    expect(await ams.world.ask(manifest)).toBe('1');
  });
});

describe('a version whose trials never end', () => {
  async function loseTrial(number: number): Promise<void> {
    await stores.trials.begin('m', '1', { number, by: `lost-${number}`, pop: `P${number}` });
    await pass(lostMs);
  }

  test('is UNAVAILABLE with the reason after three, and is tried again when an operator says so', async () => {
    const { trials, world } = isolate('FRA');
    for (const number of [1, 2, 3]) await loseTrial(number);
    const refused = {
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/it failed 3 trials; the last, at PoP P3 on .* popserve retry m 1/),
    };
    expect(await outcome(world.ask(manifest))).toMatchObject(refused);
    expect(await outcome(trials.check(manifest))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(world.loads).toHaveLength(0);
    await stores.pause(1000);
    await new Registry({ ...stores, now: () => new Date() }).retryVersion('m', '1');
    expect(await outcome(world.ask(manifest))).toMatchObject(refused);
    world.cache.forgetFailure('m', '1');
    expect(await world.ask(manifest)).toBe('1');
  });

  test('counts a load that broke the runtime, and not one that failed otherwise', async () => {
    const { world } = isolate('FRA');
    world.faults.set('1', [
      new OrtError(1, 'not a model'),
      ...Array.from({ length: 3 }, () => new HeapBrokenError('trap')),
    ]);
    for (let count = 0; count < 4; count++) {
      await outcome(world.ask(manifest));
      await pass(60_000);
    }
    expect(await outcome(world.ask(manifest))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('broke the runtime: trap'),
    });
    expect(world.loads).toHaveLength(4);
  });
});

test('storage that cannot be read makes an unproven version unavailable for now', async () => {
  const { world } = isolate('FRA');
  stores.trials.read = () => Promise.reject(new Error('R2 is away'));
  expect(await outcome(world.ask(manifest))).toMatchObject({ code: 'UNAVAILABLE' });
  expect(world.loads).toHaveLength(0);
});
