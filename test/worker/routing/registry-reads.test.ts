// Reads of KV and R2, and what is remembered instead, over counted stores and under a clock that the tests move.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Registry } from '../../../registry/registry.ts';
import { RegistryReads } from '../../../worker/routing/registry-reads.ts';
import { intercept } from '../../registry/intercept.ts';
import { createMemoryStores } from '../../registry/memory-stores.ts';
import { uploadVersions } from '../../registry/sample-release.ts';

const rememberMs = 10_000;
const away = new Error('the network is away');
let stores: ReturnType<typeof createMemoryStores>;
let operators: Registry;
let calls: string[];
let logged: string[];
let fields: unknown[];
let refused: Set<string>;
let reads: RegistryReads;

function readsFor(ms: number): RegistryReads {
  const seen = intercept(stores, (name, call) => {
    calls.push(name);
    return refused.has(name) ? Promise.reject(away) : call();
  });
  const registry = new Registry({ ...seen, now: () => new Date() });
  return new RegistryReads(registry, ms, (event, about) => {
    logged.push(event);
    fields.push(about);
  });
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  [calls, logged, fields, refused] = [[], [], [], new Set()];
  stores = createMemoryStores();
  operators = new Registry({ ...stores, now: () => new Date() });
  for (const version of ['1', '2']) {
    await uploadVersions(operators, 'pump', [version]);
    await stores.pause(1_000);
  }
  reads = readsFor(rememberMs);
});
afterEach(() => void vi.useRealTimers());

const activate = (version: string) => operators.appendRoute('pump', { action: 'activate', version }, { actor: 'ann' });

describe('a route', () => {
  test('comes from KV alone where it is there', async () => {
    await activate('1');
    expect((await reads.route('pump', null))?.route.epoch).toBe(1);
    expect(calls).toEqual(['copies.get']);
  });

  test('comes from R2 where KV has none, or is away, which is logged', async () => {
    expect(await reads.route('pump', null)).toBeNull();
    expect(calls).toEqual(['copies.get', 'routes.newest']);
    expect(logged).toEqual([]);
    await activate('1');
    refused.add('copies.get');
    expect((await reads.route('pump', null))?.route.epoch).toBe(1);
    expect(logged).toEqual(['route-copy-unreadable']);
    expect(fields).toEqual([{ model: 'pump', error: 'Error: the network is away' }]);
  });

  test('comes from R2 where the copy is far ahead of what is served', async () => {
    await activate('1');
    const copy = await stores.copies.get('pump');
    if (copy === null) throw new Error('expected a copy');
    await stores.pause(1_000);
    await stores.copies.put({ ...copy, route: { ...copy.route, epoch: 1_000_000 } });
    expect((await reads.route('pump', 1))?.route.epoch).toBe(1);
    expect(calls).toEqual(['copies.get', 'routes.newest', 'manifests.get']);
    expect(logged).toEqual(['epoch-jump']);
    expect((await reads.route('pump', 999_995))?.route.epoch).toBe(1_000_000);
  });

  test('from the log itself is a 503 where R2 is away', async () => {
    refused.add('routes.newest');
    await expect(reads.newestRoute('pump')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the registry cannot be reached from here; try again',
      retryAfterSeconds: 1,
      cause: away,
    });
    refused.clear();
    await activate('1');
    expect((await reads.newestRoute('pump'))?.route.epoch).toBe(1);
  });
});

describe('the first route of a model', () => {
  test.each([
    [rememberMs, 2_000],
    [1_000, 1_000],
    [0, 0],
  ])(
    'that is not there is not asked for again for a while: refreshed every %i ms, for %i ms',
    async (refreshMs, ms) => {
      reads = readsFor(refreshMs);
      expect(await reads.firstRoute('pump')).toBeNull();
      await activate('1');
      if (ms > 0) {
        vi.advanceTimersByTime(ms - 1);
        calls = [];
        expect(await reads.firstRoute('pump')).toBeNull();
        expect(calls).toEqual([]);
        vi.advanceTimersByTime(1);
      }
      expect((await reads.firstRoute('pump'))?.route.epoch).toBe(1);
    },
  );

  test('that is there is not remembered as missing', async () => {
    await activate('1');
    for (let count = 0; count < 2; count++) expect((await reads.firstRoute('pump'))?.route.epoch).toBe(1);
  });

  test('is asked for again once a route was written here', async () => {
    expect(await reads.firstRoute('pump')).toBeNull();
    await activate('1');
    reads.forgetAbsence('pump');
    expect((await reads.firstRoute('pump'))?.route.epoch).toBe(1);
  });

  test('is a 503 where the registry is away, which is logged and not remembered', async () => {
    await activate('1');
    for (const name of ['copies.get', 'routes.newest']) refused.add(name);
    await expect(reads.firstRoute('pump')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: "model 'pump': the registry cannot be read; try again",
      retryAfterSeconds: 1,
      cause: away,
    });
    expect(logged).toEqual(['route-copy-unreadable', 'refresh-failed']);
    expect(fields.at(-1)).toEqual({ model: 'pump', error: 'Error: the network is away' });
    refused.clear();
    expect((await reads.firstRoute('pump'))?.route.epoch).toBe(1);
  });

  test('of ever new names costs one look at the index for all of them, and one more when that has aged', async () => {
    for (let index = 0; index < 501; index++) expect(await reads.firstRoute(`name-${index}`)).toBeNull();
    expect(calls).toEqual(['copies.get', 'index.listMarks', 'index.read']);
    vi.advanceTimersByTime(2_000);
    for (let index = 0; index < 501; index++) expect(await reads.firstRoute(`name-${index}`)).toBeNull();
    expect(calls).toHaveLength(6);
  });

  test('comes from the log where the index cannot be read', async () => {
    await activate('1');
    for (const name of ['copies.get', 'index.read']) refused.add(name);
    expect((await reads.firstRoute('pump'))?.route.epoch).toBe(1);
  });
});

describe('the manifest of a version without a route', () => {
  test('is read once in each refresh interval', async () => {
    for (let count = 0; count < 3; count++) expect((await reads.unroutedManifest('pump', '2')).version).toBe('2');
    expect(calls).toEqual(['manifests.get']);
    vi.advanceTimersByTime(rememberMs - 1);
    await reads.unroutedManifest('pump', '2');
    expect(calls).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await reads.unroutedManifest('pump', '2');
    expect(calls).toHaveLength(2);
  });

  test('that is not there is not asked for again either, each name by itself', async () => {
    for (let count = 0; count < 3; count++) {
      await expect(reads.unroutedManifest('pump', '9')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    await expect(reads.unroutedManifest('fan', '9')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (let index = 10; index < 600; index++) {
      await expect(reads.unroutedManifest('pump', String(index))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(calls).toEqual(['manifests.get', 'index.listMarks', 'index.read']);
  });

  test('is a 503 where R2 is away, which is not remembered', async () => {
    refused.add('manifests.get');
    await expect(reads.unroutedManifest('pump', '2')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterSeconds: 1,
    });
    refused.clear();
    expect((await reads.unroutedManifest('pump', '2')).version).toBe('2');
  });

  test('that is damaged is an internal error, which is not remembered', async () => {
    const { get } = stores.manifests;
    stores.manifests.get = async () => '{}';
    await expect(reads.unroutedManifest('pump', '2')).rejects.toMatchObject({ code: 'INTERNAL' });
    stores.manifests.get = get;
    expect((await reads.unroutedManifest('pump', '2')).version).toBe('2');
  });
});

test('a model is required to be there: 404 where it is not, 503 where nobody can tell', async () => {
  await reads.requireModel('pump');
  await expect(reads.requireModel('fan')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  reads = readsFor(rememberMs);
  refused.add('index.read');
  await expect(reads.requireModel('pump')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
