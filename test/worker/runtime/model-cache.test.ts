// The model cache over a heap and a loader that do what they are told, under a clock that the tests move: sharing a load, giving up
// a load that stands still, making room, waiting for room, trying again, and heaps that are lost.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import {
  HeapBrokenError,
  HeapFullError,
  HeapLentError,
  HeapReplacedError,
  OrtError,
} from '../../../worker/runtime/heap-errors.ts';
import { sized, World } from './fake-runtime.ts';

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
});
afterEach(() => vi.useRealTimers());

const [a, b, c, d] = [await sized('1', 30), await sized('2', 30), await sized('3', 30), await sized('4', 30)];
const large = await sized('8', 60);
const larger = await sized('9', 60);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe('a load', () => {
  test('is shared by all requests that wait for it, and its blob is kept once', async () => {
    world.held.add('1');
    const answers = Promise.all(Array.from({ length: 20 }, () => world.ask(a)));
    await pass(0);
    expect([world.loads.length, world.cache.state(a), world.cache.isLoaded(a)]).toEqual([
      1,
      { state: 'LOADING' },
      false,
    ]);
    world.loads[0]?.finish();
    expect(await answers).toEqual(Array.from({ length: 20 }, () => '1'));
    await world.settle();
    expect(world.kept).toEqual([a.artifacts.model.digest]);
    expect([world.loads.length, world.cache.isLoaded(a)]).toEqual([1, true]);
    expect(world.cache.loaded('m', '1')).toMatchObject({ profile: 'lean', needBytes: 30 * mebibyte });
  });

  test('of bytes that the PoP keeps already does not keep them again', async () => {
    world.from = 'cache';
    await world.ask(a);
    await world.settle();
    expect(world.kept).toEqual([]);
  });

  test('that stands still for ten seconds is given up; its request starts another, and its late end changes nothing', async () => {
    world.held.add('1');
    const answer = world.ask(a);
    await pass(9_999);
    expect(world.loads).toHaveLength(1);
    await pass(1);
    expect(world.loads).toHaveLength(2);
    world.loads[1]?.finish();
    expect(await answer).toBe('1');
    world.loads[0]?.finish();
    await pass(0);
    expect(world.released).toEqual(['1']);
    expect(world.cache.loaded('m', '1')?.session).toBe(world.loads[1]?.session);
  });

  test('that was given up and fails late leaves the next one alone', async () => {
    world.held.add('1');
    const answer = world.ask(a);
    await pass(10_000);
    world.loads[1]?.finish();
    expect(await answer).toBe('1');
    world.loads[0]?.fail(new Error('the request has died'));
    await pass(0);
    expect(world.ready).toEqual(['1']);
  });

  test('that makes progress is waited for, however long it takes', async () => {
    world.held.add('1');
    const answer = world.ask(a);
    for (let seconds = 0; seconds < 90; seconds += 9) {
      await pass(9_000);
      world.loads[0]?.progress();
    }
    world.loads[0]?.finish();
    expect(await answer).toBe('1');
    expect(world.loads).toHaveLength(1);
  });
});

describe('room', () => {
  test('is made by the version that was used longest ago; a second use moves a version to the end of the line', async () => {
    for (const manifest of [a, b, c, a]) await world.ask(manifest);
    await world.ask(d);
    expect(world.released).toEqual(['2']);
    await world.ask(b);
    expect(world.released).toEqual(['2', '3']);
    expect(world.ready).toEqual(['1', '2', '4']);
  });

  test('is made by as few versions as it takes', async () => {
    for (const manifest of [a, b, c]) await world.ask(manifest);
    await world.ask(large);
    expect(world.released).toEqual(['1', '2']);
    expect(world.ready).toEqual(['3', '8']);
  });

  test('in pieces is not enough: what was used longest ago gives way until one piece is, and none beyond', async () => {
    for (const manifest of [a, b]) await world.ask(manifest);
    const { live } = world.heap;
    live.hasRoom = (modelBytes, restBytes) =>
      modelBytes + restBytes <= (world.released.length === 0 ? 20 : 40) * mebibyte;
    await world.ask(c);
    expect([world.released, world.ready]).toEqual([['1'], ['2', '3']]);
  });

  test('in pieces is none for the profile fast', async () => {
    const lean = { heapBytes: 30 * mebibyte, createMs: 1, runMs: 2 };
    const fast = { heapBytes: 50 * mebibyte, createMs: 1, runMs: 1 };
    await world.ask(a);
    world.heap.live.pieceBytes = 49 * mebibyte;
    await world.ask({ ...d, runtime: { ...d.runtime, profiles: { lean, fast } } });
    expect(world.cache.state(d)).toMatchObject({ state: 'READY', profile: 'lean' });
    expect(world.released).toEqual([]);
  });

  test('that could never be enough costs no version its place', async () => {
    for (const manifest of [a, b]) await world.ask(manifest);
    const error = await outcome(world.ask(await sized('5', 101)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(String(error)).toContain(
      'it needs 101.0 MiB of heap, 100.0 MiB of 100.0 MiB are free (budget 110.0 MiB, the runtime itself 10.0 MiB, discarded heaps 0.0 MiB)',
    );
    expect(world.released).toEqual([]);
    expect(world.ready).toEqual(['1', '2']);
  });

  test('of discarded heaps cannot be had', async () => {
    world.heap.discardedBytes = 50 * mebibyte;
    await world.ask(a);
    expect(String(await outcome(world.ask(large)))).toContain('50.0 MiB of 50.0 MiB are free');
  });

  test('decides the profile: fast beside what is there, lean where that would cost a version its place', async () => {
    const lean = { heapBytes: 30 * mebibyte, createMs: 1, runMs: 2 };
    const fast = { heapBytes: 50 * mebibyte, createMs: 1, runMs: 1 };
    const both = { ...d, runtime: { ...d.runtime, profiles: { lean, fast } } };
    await world.ask(a);
    await world.ask(both);
    expect(world.cache.state(both)).toMatchObject({ state: 'READY', profile: 'fast', needBytes: 50 * mebibyte });
    world.cache.unload('m', '4');
    await world.ask(b);
    await world.ask(both);
    expect(world.cache.state(both)).toMatchObject({ state: 'READY', profile: 'lean', needBytes: 30 * mebibyte });
    expect(world.ready).toEqual(['1', '2', '4']);
  });

  test('beside others is what they leave: only loaded ones count', async () => {
    await world.ask(large);
    expect(world.cache.fitsBeside(a, [large])).toBe(true);
    expect(world.cache.fitsBeside(larger, [large])).toBe(false);
    expect(world.cache.fitsBeside(larger, [])).toBe(true);
    expect(world.cache.fitsBeside(large, [larger])).toBe(true);
  });

  test('is given back by unloading a version, or all of a model', async () => {
    for (const manifest of [a, b, c]) await world.ask(manifest);
    world.cache.unload('other', null);
    world.cache.unload('m', '2');
    expect(world.ready).toEqual(['1', '3']);
    world.cache.unload('m', null);
    expect([world.ready, world.released]).toEqual([[], ['2', '1', '3']]);
  });
});

describe('a load that finds its room taken by another load', () => {
  beforeEach(() => void world.held.add('8'));

  test('waits until that one has ended, and then takes its room', async () => {
    const first = world.ask(large);
    await pass(0);
    const second = world.ask(larger);
    await pass(5_000);
    expect([world.ready, world.cache.state(larger)]).toEqual([[], { state: 'LOADING' }]);
    world.loads[0]?.finish();
    expect(await Promise.all([first, second])).toEqual(['8', '9']);
    expect([world.ready, world.released]).toEqual([['9'], ['8']]);
  });

  test('is not given up while that one makes progress', async () => {
    const first = world.ask(large);
    await pass(0);
    const second = world.ask(larger);
    for (let count = 0; count < 5; count++) {
      await pass(9_000);
      world.loads[0]?.progress();
    }
    world.loads[0]?.finish();
    expect(await Promise.all([first, second])).toEqual(['8', '9']);
    await pass(60_000);
    // Once when its room was taken, once in its turn.
    expect(world.loadsOf('9')).toHaveLength(2);
  });

  test('gets its turn after ten seconds where the request of that one has died', async () => {
    void world.ask(large);
    await pass(0);
    // A request takes its timers with it.
    vi.clearAllTimers();
    const answer = world.ask(larger);
    await pass(10_000);
    expect(await answer).toBe('9');
    expect([world.loadsOf('9').length, world.ready]).toEqual([2, ['9']]);
  });

  test('fails no request where that one fails', async () => {
    const first = outcome(world.ask(large));
    await pass(0);
    const second = world.ask(larger);
    await pass(0);
    world.loads[0]?.fail(new Error('R2 is away'));
    expect(await second).toBe('9');
    expect(await first).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('waits in its second chance as well', async () => {
    world.heldBack.add('9');
    world.faults.set('9', [new HeapReplacedError('replaced')]);
    const second = world.ask(larger);
    await pass(0);
    world.loadsOf('9')[0]?.start();
    await pass(0);
    const first = world.ask(large);
    await pass(0);
    world.heldBack.clear();
    world.loadsOf('9')[1]?.start();
    await pass(0);
    world.loadsOf('8')[0]?.finish();
    expect(await Promise.all([first, second])).toEqual(['8', '9']);
    expect(world.loadsOf('9')).toHaveLength(3);
  });
});

describe('a load that fails', () => {
  test('leaves nothing behind but its reason', async () => {
    world.faults.set('8', [new Error('R2 is away')]);
    const error = await outcome(world.ask(large));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: "model 'm' version '8' failed to load: an unexpected fault, which the log names",
      retryAfterSeconds: 1,
    });
    expect(world.cache.state(large)).toEqual({ state: 'UNAVAILABLE', reason: (error as Error).message });
    expect([world.cache.loaded('m', '8'), world.failures]).toEqual([null, ['8']]);
    await world.settle();
    expect(world.kept).toEqual([]);
    // All of the room is free: three more fit without one being unloaded.
    for (const manifest of [a, b, c]) await world.ask(manifest);
    expect(world.released).toEqual([]);
  });

  test('is not repeated before its pause is over, which doubles up to a minute; a success starts again', async () => {
    const away = () => new Error('R2 is away');
    world.faults.set('1', Array.from({ length: 8 }, away));
    const pauses: number[] = [];
    for (let count = 0; count < 8; count++) {
      const error = (await outcome(world.ask(a))) as { retryAfterSeconds: number };
      pauses.push(error.retryAfterSeconds);
      await pass(error.retryAfterSeconds * 1_000 - 1);
      expect(await outcome(world.ask(a))).toBe(error);
      expect(() => world.cache.checkRetry(a)).toThrow('failed to load');
      expect(world.loads).toHaveLength(count + 1);
      await pass(1);
      world.cache.checkRetry(a);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(await world.ask(a)).toBe('1');
    world.cache.unload('m', '1');
    world.faults.set('1', [away()]);
    expect(await outcome(world.ask(a))).toMatchObject({ retryAfterSeconds: 1 });
  });

  test('by refusal of the runtime is left alone for a minute: a retry could evict a version that serves', async () => {
    world.faults.set('1', [new OrtError(1, 'no such operator')]);
    expect(await outcome(world.ask(a))).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 60 });
  });

  test('for lack of memory is repeated once with as much room again, of what was used longest ago', async () => {
    for (const manifest of [a, b]) await world.ask(manifest);
    world.faults.set('3', [new HeapFullError('in pieces')]);
    expect(await world.ask(c)).toBe('3');
    expect([world.released, world.ready]).toEqual([['1'], ['2', '3']]);
    world.faults.set('4', [new HeapFullError('in pieces'), new HeapFullError('still')]);
    expect(String(await outcome(world.ask(d)))).toContain('still');
    expect(world.loadsOf('4')).toHaveLength(2);
  });

  test('for lack of memory that requests hold unloads nothing, and is tried again after a second each time', async () => {
    for (const manifest of [a, b]) await world.ask(manifest);
    for (let again = 0; again < 3; again++) {
      world.faults.set('3', [new HeapLentError('lent')]);
      expect(await outcome(world.ask(c))).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
      await pass(1000);
    }
    expect([world.released, world.ready]).toEqual([[], ['1', '2']]);
    expect(await world.ask(c)).toBe('3');
  });

  test('for lack of memory that nothing accounts for has the heap replaced: a load that was given up may hold it', async () => {
    world.heap.live.used = 10 * mebibyte + 30 * mebibyte + 8 * mebibyte;
    world.faults.set('1', [new HeapFullError('no block')]);
    expect(await world.ask(a)).toBe('1');
    expect(world.heap.replacements).toBe(1);
  });

  test('for lack of memory without an explanation is not repeated', async () => {
    world.heap.live.used = 10 * mebibyte + 30 * mebibyte + 8 * mebibyte - 1;
    world.faults.set('1', [new HeapFullError('no block')]);
    expect(String(await outcome(world.ask(a)))).toContain('no block');
    expect([world.heap.replacements, world.loads.length]).toEqual([0, 1]);
  });

  test('and breaks the heap takes the loaded versions with it; they come back on demand', async () => {
    await world.ask(a);
    world.held.add('2');
    const answer = outcome(world.ask(b));
    await pass(0);
    world.heap.live.broken = 'trap';
    world.loadsOf('2')[0]?.fail(new HeapBrokenError('trap'));
    expect(await answer).toMatchObject({ code: 'UNAVAILABLE' });
    expect([world.heap.replacements, world.ready]).toEqual([1, []]);
    expect(await world.ask(a)).toBe('1');
  });
});

describe('a heap that is replaced', () => {
  test('while a model is on its way: the model is loaded again, and its first try holds no room', async () => {
    world.faults.set('8', [new HeapReplacedError('replaced')]);
    expect(await world.ask(large)).toBe('8');
    expect(world.loadsOf('8')).toHaveLength(2);
  });

  test('twice during one load fails it', async () => {
    world.faults.set('1', [new HeapReplacedError('replaced'), new HeapReplacedError('replaced')]);
    expect(await outcome(world.ask(a))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(world.loads).toHaveLength(2);
  });

  test('in the last moment of a load: the request loads again and gets its answer', async () => {
    world.held.add('1');
    const answer = world.ask(a);
    await pass(0);
    world.heap.replace();
    world.held.clear();
    world.loads[0]?.finish();
    expect(await answer).toBe('1');
    expect(world.cache.loaded('m', '1')?.session.heap).toBe(world.heap.live);
  });

  test('by a smaller one takes the versions that lived in it', async () => {
    await world.ask(a);
    world.heap.shrinks = true;
    await world.ask(b);
    expect(world.ready).toEqual(['2']);
    expect(world.logged).toContain('heap-shrunk');
    expect(await world.ask(a)).toBe('1');
  });

  test('after it broke while nobody ran: the next request finds that out', async () => {
    for (const manifest of [a, b]) await world.ask(manifest);
    world.heap.live.broken = 'trap in a release';
    expect(await world.ask(a)).toBe('1');
    expect([world.heap.replacements, world.ready]).toEqual([1, ['1']]);
  });
});

describe('a run', () => {
  test('that lacks memory fails, and unloads nothing', async () => {
    for (const manifest of [a, b, c]) await world.ask(manifest);
    let runs = 0;
    const asked = world.ask(a, () => {
      runs++;
      throw new HeapFullError('no room');
    });
    expect(await outcome(asked)).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    expect([runs, world.ready, world.released]).toEqual([1, ['1', '2', '3'], []]);
  });

  test('that lacks memory which requests hold is refused for now and unloads nothing', async () => {
    for (const manifest of [a, b]) await world.ask(manifest);
    const lent = () => {
      throw new HeapLentError('lent');
    };
    expect(await outcome(world.ask(a, lent))).toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    expect(world.ready).toEqual(['1', '2']);
  });

  test.each([
    [
      new HeapFullError('no room'),
      'UNAVAILABLE',
      "model 'm' version '1': this input needs more memory than there is: no room",
    ],
    [new OrtError(2, 'rank 3'), 'INVALID_ARGUMENT', "model 'm' version '1' refused this input: rank 3"],
  ])('that ends with %s is answered with %s', async (error, code, message) => {
    const fail = () => {
      throw error;
    };
    expect(await outcome(world.ask(a, fail))).toMatchObject({ code, message });
    expect(world.ready).toEqual(['1']);
    expect(await world.ask(a)).toBe('1');
  });

  test('that breaks the heap is answered with 503, and all versions come back on demand', async () => {
    for (const manifest of [a, b]) await world.ask(manifest);
    const error = await outcome(
      world.ask(a, () => {
        world.heap.live.broken = 'trap';
        throw new HeapBrokenError('trap');
      }),
    );
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterSeconds: 1,
      message: "model 'm' version '1': this input broke the runtime, which was restarted: trap",
    });
    expect([world.heap.replacements, world.ready]).toEqual([1, []]);
    expect(world.logged).toContain('heap-broken 1');
    for (const manifest of [a, b]) await world.ask(manifest);
    expect(world.ready).toEqual(['1', '2']);
  });

  test('whose error is not the runtime’s fails with that error', async () => {
    const own = new Error('a fault of the code');
    const failing = world.ask(a, () => {
      throw own;
    });
    expect(await outcome(failing)).toBe(own);
  });
});

describe('warming up', () => {
  test('loads aside and leaves the first run to the loader', async () => {
    await world.cache.warm(a, world.scope);
    expect(world.loads).toMatchObject([{ version: '1', aside: true }]);
    expect(world.warmed).toEqual([]);
    await world.cache.warm(a, world.scope);
    expect([world.loads.length, world.warmed]).toEqual([1, []]);
  });

  test('of a version that a request has run does nothing', async () => {
    await world.ask(a);
    await world.cache.warm(a, world.scope);
    expect([world.loads.length, world.loads[0]?.aside, world.warmed]).toEqual([1, false, []]);
  });

  test('of a version that was loaded but never ran runs its sample input', async () => {
    world.held.add('1');
    const failing = outcome(
      world.ask(a, () => {
        throw new OrtError(2, 'a bad input');
      }),
    );
    await pass(0);
    world.loads[0]?.finish();
    await failing;
    await world.cache.warm(a, world.scope);
    expect(world.warmed).toEqual(['1']);
  });
});
