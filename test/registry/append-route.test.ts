// The reads that a new route makes, counted: each manifest once, however often it is needed.
import { beforeEach, describe, expect, test } from 'vitest';
import { Registry } from '../../registry/registry.ts';
import type { RouteAction } from '../../registry/route-action.ts';
import { writeIntervalMs, writeRefused } from '../../registry/write-rate.ts';
import { intercept } from './intercept.ts';
import { createMemoryStores } from './memory-stores.ts';
import { sampleRelease, uploadVersions } from './sample-release.ts';

const now = () => new Date('2026-11-23T10:00:00Z');
const actor = { actor: 'ann' };

let stores: ReturnType<typeof createMemoryStores>;
let registry: Registry;
/** Versions whose manifest was read, in order. */
let reads: string[];

beforeEach(async () => {
  reads = [];
  const memory = createMemoryStores();
  const { get } = memory.manifests;
  memory.manifests.get = (model, version) => {
    reads.push(version);
    return get(model, version);
  };
  stores = memory;
  registry = new Registry({ ...stores, now });
  await uploadVersions(registry, 'pump', ['1', '2', '3', '4']);
});

async function readsOf(action: RouteAction): Promise<string[]> {
  reads = [];
  await registry.appendRoute('pump', action, actor);
  return reads.sort();
}

describe('a new route reads the manifest of every version that it names, and of those that it replaces, once', () => {
  test('in a first release, a canary with a limit, a shadow, an alias and a promotion', async () => {
    expect(await readsOf({ action: 'activate', version: '1' })).toEqual(['1']);
    const limits = { errorShare: 0.1, minRequests: 100 };
    expect(await readsOf({ action: 'canary', version: '2', percent: 5, limits })).toEqual(['1', '2']);
    expect(await readsOf({ action: 'shadow', version: '3', percent: 5 })).toEqual(['1', '2', '3']);
    expect(await readsOf({ action: 'alias', name: 'lab', version: '4' })).toEqual(['1', '2', '3', '4']);
    expect(await readsOf({ action: 'promote' })).toEqual(['1', '2', '3', '4']);
  });

  test('in a rollback that passes over a retired version', async () => {
    for (const version of ['1', '2', '3']) await registry.appendRoute('pump', { action: 'activate', version }, actor);
    await registry.deleteVersion('pump', '2');
    expect(await readsOf({ action: 'rollback' })).toEqual(['1', '2', '3']);
    expect((await registry.currentRoute('pump'))?.aliases.stable).toBe('1');
  });

  test('in an action that changes nothing', async () => {
    await registry.appendRoute('pump', { action: 'activate', version: '1' }, actor);
    expect(await readsOf({ action: 'activate', version: '1' })).toEqual(['1']);
  });
});

test('a manifest that was missing at first is found for the copy if it was registered meanwhile', async () => {
  for (const version of ['1', '2', '3']) await registry.appendRoute('pump', { action: 'activate', version }, actor);
  const manifest = await registry.getManifest('pump', '2');
  await registry.deleteVersion('pump', '2');
  // Another operator registers and routes version 2 right after this rollback has written its route.
  let isFirst = true;
  const seen = intercept(stores, async (name, call) => {
    const result = await call();
    if (name === 'routes.append' && isFirst) {
      isFirst = false;
      await stores.pause(writeIntervalMs);
      await stores.manifests.create(manifest);
      await registry.appendRoute('pump', { action: 'alias', name: 'lab', version: '2' }, actor);
    }
    return result;
  });
  const change = await new Registry({ ...seen, now }).appendRoute('pump', { action: 'rollback' }, actor);
  // The other one's copy was first, so this one's is written after a second.
  expect(change).toMatchObject({ created: true, copyPending: true, route: { epoch: 4, aliases: { stable: '1' } } });
  expect(await registry.completeCopy('pump')).toBeNull();
  expect(await registry.readCopy('pump')).toMatchObject({ route: { epoch: 5, aliases: { lab: '2' } } });
});

test('a read that fails once the route stands leaves the copy for later', async () => {
  await registry.appendRoute('pump', { action: 'activate', version: '1' }, actor);
  await registry.appendRoute('pump', { action: 'alias', name: 'lab', version: '3' }, actor);
  await stores.pause(writeIntervalMs);
  let calls = 0;
  const seen = intercept(stores, (name, call) => {
    // The first two are of the versions that are compared, the third is of the alias.
    if (name === 'manifests.get' && ++calls === 3) return Promise.reject(new Error('R2 is away'));
    return call();
  });
  const other = new Registry({ ...seen, now });
  const change = await other.appendRoute('pump', { action: 'canary', version: '2', percent: 5 }, actor);
  expect(change).toMatchObject({ created: true, copyPending: true, copyError: 'Error: R2 is away' });
  expect(await other.appendRoute('pump', { action: 'canary', version: '2', percent: 5 }, actor)).toMatchObject({
    created: false,
    copyPending: false,
  });
});

describe('a release within a second of another write to the same keys', () => {
  test('right after its manifest was registered stands at once, with its copy', async () => {
    await uploadVersions(registry, 'fan', ['1']);
    const change = await registry.appendRoute('fan', { action: 'activate', version: '1' }, actor);
    expect(change).toEqual({ route: expect.objectContaining({ epoch: 1 }), created: true, copyPending: false });
    expect((await registry.readCopy('fan'))?.route).toEqual(change.route);
  });

  test('right after another release stands, and its copy is completed a second later', async () => {
    await registry.appendRoute('pump', { action: 'activate', version: '1' }, actor);
    const change = await registry.appendRoute('pump', { action: 'activate', version: '2' }, actor);
    expect(change).toMatchObject({
      created: true,
      copyPending: true,
      copyError: expect.stringContaining('written less than a second ago'),
    });
    expect((await registry.readCopy('pump'))?.route.epoch).toBe(1);
    expect(await registry.completeCopy('pump')).toBeNull();
    expect((await registry.readCopy('pump'))?.route.epoch).toBe(2);
  });

  test('puts back a manifest that was retired just now, once its key takes another write', async () => {
    const { manifest } = await sampleRelease('pump', '2');
    await stores.pause(writeIntervalMs);
    const overtaken = intercept(stores, async (name, call) => {
      if (name === 'routes.append') await stores.manifests.retire(manifest);
      return call();
    });
    const other = new Registry({ ...overtaken, now });
    const change = await other.appendRoute('pump', { action: 'activate', version: '2' }, actor);
    expect(change).toMatchObject({ created: true, copyPending: false });
    expect(change).not.toHaveProperty('manifestError');
    expect(await registry.getManifest('pump', '2')).toEqual(manifest);
  });

  test('writes its copy although a manifest cannot be put back, and says why', async () => {
    const failing = intercept(stores, async (name, call) => {
      if (name === 'manifests.create') throw new Error('R2 is away');
      return call();
    });
    const other = new Registry({ ...failing, now });
    const change = await other.appendRoute('pump', { action: 'activate', version: '2' }, actor);
    expect(change).toMatchObject({ created: true, copyPending: false, manifestError: 'Error: R2 is away' });
    expect((await registry.readCopy('pump'))?.route).toEqual(change.route);
  });

  test('that loses its epoch to a write still under way is told to repeat, and has changed nothing', async () => {
    const refusing = intercept(stores, (name, call) =>
      name === 'routes.append' ? Promise.reject(writeRefused('models/pump/routes/1')) : call(),
    );
    const lost = new Registry({ ...refusing, now }).appendRoute('pump', { action: 'activate', version: '2' }, actor);
    await expect(lost).rejects.toMatchObject({ code: 'RATE_LIMITED', status: 429, retryAfterSeconds: 1 });
    expect(await registry.currentRoute('pump')).toBeNull();
  });
});
