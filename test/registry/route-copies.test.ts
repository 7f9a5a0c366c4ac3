import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Registry, type RegistryStores } from '../../registry/registry.ts';
import { writeIntervalMs } from '../../registry/write-rate.ts';
import { intercept } from './intercept.ts';
import { type LocalStores, startLocalStores } from './local-stores.ts';
import { createMemoryStores } from './memory-stores.ts';
import { sampleRelease, uploadVersions } from './sample-release.ts';

const now = () => new Date();
const ann = { actor: 'ann' };
const registryOf = (stores: RegistryStores) => new Registry({ ...stores, now });

let local: LocalStores;
beforeAll(async () => {
  local = await startLocalStores();
});
afterAll(() => local[Symbol.asyncDispose]());

/** KV refuses a second write to a key within a second. */
function refusingKv(stores: RegistryStores): RegistryStores {
  return intercept(stores, (name, call) => {
    if (name === 'copies.put') return Promise.reject(new Error('KV PUT failed: 429 Too Many Requests'));
    return call();
  });
}

/** A point of presence caches what it has read from KV, that there was nothing as well. */
function cachingKv(stores: RegistryStores): RegistryStores {
  const cached = new Map<string, unknown>();
  return {
    ...stores,
    copies: {
      put: (copy) => stores.copies.put(copy),
      async get(model) {
        if (!cached.has(model)) cached.set(model, await stores.copies.get(model));
        return cached.get(model) as never;
      },
    },
  };
}

describe('a release whose copy KV refuses', () => {
  it('stands, says so, and is mended by the repair', async () => {
    await uploadVersions(local.registry, 'refused', ['1', '2']);
    await local.registry.appendRoute('refused', { action: 'activate', version: '1' }, ann);
    const change = await registryOf(refusingKv(local.stores)).appendRoute(
      'refused',
      { action: 'activate', version: '2' },
      ann,
    );
    expect(change).toMatchObject({ created: true, copyPending: true, copyError: expect.stringContaining('429') });
    expect((await local.registry.readCopy('refused'))?.route.epoch).toBe(1);
    expect((await local.registry.readNewest('refused'))?.route).toEqual(change.route);

    expect(await local.registry.repair()).toMatchObject({ restored: [], repaired: ['refused'], failed: [] });
    expect(await local.registry.readCopy('refused')).toEqual(await local.registry.readNewest('refused'));
    expect(await local.registry.repair()).toMatchObject({ restored: [], repaired: [], failed: [] });
  });

  it('is mended by repeating the action as well', async () => {
    const stores = createMemoryStores();
    await uploadVersions(registryOf(stores), 'pump', ['1']);
    await registryOf(refusingKv(stores)).appendRoute('pump', { action: 'activate', version: '1' }, ann);
    expect(await registryOf(stores).readCopy('pump')).toBeNull();
    const again = await registryOf(stores).appendRoute('pump', { action: 'activate', version: '1' }, ann);
    expect(again).toMatchObject({ created: false, copyPending: false });
    expect((await registryOf(stores).readCopy('pump'))?.route.epoch).toBe(1);
  });
});

describe('a copy under the key of another model', () => {
  it('counts as none, as does one whose manifests are not those of its versions', async () => {
    for (const model of ['key-a', 'key-b']) {
      await uploadVersions(local.registry, model, ['1']);
      await local.registry.appendRoute(model, { action: 'activate', version: '1' }, ann);
    }
    const [a, b] = [await local.registry.readCopy('key-a'), await local.registry.readCopy('key-b')];
    if (a === null || b === null) throw new Error('expected copies');
    const put = (copy: unknown) => local.namespace.put('route:key-a', JSON.stringify(copy));
    for (const wrong of [
      b,
      { ...a, manifests: b.manifests },
      { ...a, manifests: {} },
      { ...a, manifests: { ...a.manifests, 2: a.manifests['1'] } },
    ]) {
      await put(wrong);
      expect(await local.registry.readCopy('key-a')).toBeNull();
    }
    expect((await local.registry.repair()).repaired).toContain('key-a');
    expect(await local.registry.readCopy('key-a')).toEqual(a);
  });
});

describe('a first release after KV was asked in vain', () => {
  it('is visible in the log while KV still answers that there is nothing', async () => {
    const stores = createMemoryStores();
    const pop = registryOf(cachingKv(stores));
    expect(await pop.readCopy('pump')).toBeNull();
    await uploadVersions(registryOf(stores), 'pump', ['1']);
    const { route } = await registryOf(stores).appendRoute('pump', { action: 'activate', version: '1' }, ann);
    expect(await pop.readCopy('pump')).toBeNull();
    expect((await pop.readNewest('pump'))?.route).toEqual(route);
  });
});

describe('a writer that is overtaken', () => {
  it('does not leave its older copy behind the newer one', async () => {
    const stores = createMemoryStores();
    const registry = registryOf(stores);
    await uploadVersions(registry, 'pump', ['1', '2']);
    let overtaken = false;
    const slow = intercept(stores, async (name, call) => {
      if (name === 'copies.put' && !overtaken) {
        overtaken = true;
        await registry.appendRoute('pump', { action: 'activate', version: '2' }, { actor: 'bob' });
      }
      return call();
    });
    await registryOf(slow).appendRoute('pump', { action: 'activate', version: '1' }, ann);
    expect((await registry.readCopy('pump'))?.route.epoch).toBe(2);
  });
});

describe('repair', () => {
  it('writes copies that are missing or behind, and only those', async () => {
    const stores = createMemoryStores();
    const registry = registryOf(stores);
    for (const model of ['current', 'behind', 'missing', 'unrouted']) await uploadVersions(registry, model, ['1', '2']);
    for (const model of ['current', 'behind']) {
      await registry.appendRoute(model, { action: 'activate', version: '1' }, ann);
    }
    for (const model of ['behind', 'missing']) {
      await registryOf(refusingKv(stores)).appendRoute(model, { action: 'activate', version: '2' }, ann);
    }
    expect(await registry.repair()).toMatchObject({ restored: [], repaired: ['behind', 'missing'], failed: [] });
    for (const model of ['current', 'behind', 'missing']) {
      expect(await registry.readCopy(model)).toEqual(await registry.readNewest(model));
    }
    expect(await registry.readCopy('unrouted')).toBeNull();
  });

  it('replaces a copy that is ahead of the log, or says something else at the same epoch', async () => {
    const stores = createMemoryStores();
    const registry = registryOf(stores);
    for (const model of ['ahead', 'other']) {
      await uploadVersions(registry, model, ['1']);
      await registry.appendRoute(model, { action: 'activate', version: '1' }, ann);
    }
    const [ahead, other] = [await registry.readCopy('ahead'), await registry.readCopy('other')];
    if (ahead === null || other === null) throw new Error('expected copies');
    await stores.pause(writeIntervalMs);
    await stores.copies.put({ ...ahead, route: { ...ahead.route, epoch: 1_000_000_000 } });
    await stores.copies.put({ ...other, route: { ...other.route, previous: ['9'] } });
    expect((await registry.repair()).repaired).toEqual(['ahead', 'other']);
    expect(await registry.readCopy('ahead')).toEqual(ahead);
    expect(await registry.readCopy('other')).toEqual(other);
  });

  it('mends the others when one model fails, and says which and why', async () => {
    const stores = createMemoryStores();
    for (const model of ['broken', 'sound']) {
      await uploadVersions(registryOf(stores), model, ['1']);
      await registryOf(refusingKv(stores)).appendRoute(model, { action: 'activate', version: '1' }, ann);
    }
    await stores.pause(writeIntervalMs);
    await stores.manifests.retire((await sampleRelease('broken', '1')).manifest);
    const { repaired, failed } = await registryOf(stores).repair();
    expect(repaired).toEqual(['sound']);
    expect(failed).toEqual([{ model: 'broken', error: expect.stringContaining("epoch 1 names version '1'") }]);
  });
});
