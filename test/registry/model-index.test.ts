// The index of models: in step with the registry whatever ends half-way, whoever races, and read as one object.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifestText } from '../../registry/manifest.ts';
import { Registry, type RegistryStores } from '../../registry/registry.ts';
import { intercept, Turns } from './intercept.ts';
import { createMemoryStores } from './memory-stores.ts';
import { sampleRelease, upload, uploadVersions } from './sample-release.ts';
import type { TimedStores } from './write-rate-double.ts';

const start = Date.parse('2026-11-23T10:00:00Z');
const ann = { actor: 'ann' };
const registryOf = (stores: RegistryStores, ms = start) => new Registry({ ...stores, now: () => new Date(ms) });

/** What lists say of every model, and what the manifests and the log say. */
async function toldAndTrue(stores: RegistryStores, ms = start) {
  const registry = registryOf(stores, ms);
  const { models } = await registry.listModels({ limit: 100 });
  const versions = await registry.versionsOf(await registry.modelNames());
  const told = models.map(({ name, route }) => [name, route?.epoch ?? 0, [...(versions.get(name) ?? [])].sort()]);
  const names = (await stores.manifests.listModels()).sort();
  const real = await Promise.all(
    names.map(async (name) => [
      name,
      (await stores.routes.newest(name))?.epoch ?? 0,
      (await stores.manifests.listVersions(name)).versions.map(({ version }) => version).sort(),
    ]),
  );
  return { told, real };
}

async function expectInStep(stores: RegistryStores, ms = start): Promise<void> {
  const { told, real } = await toldAndTrue(stores, ms);
  expect(told).toEqual(real);
}

/** A release, a second one, and a retirement: every kind of change. */
async function work(registry: Registry): Promise<void> {
  await upload(registry, await sampleRelease('pump', '2'));
  await registry.appendRoute('pump', { action: 'activate', version: '2' }, ann);
  await upload(registry, await sampleRelease('fan', '1'));
  await registry.deleteVersion('pump', '3');
}

async function prepared(): Promise<TimedStores> {
  const stores = createMemoryStores();
  for (const version of ['1', '3']) {
    await uploadVersions(registryOf(stores), 'pump', [version]);
    await stores.pause(1_000);
  }
  await registryOf(stores).appendRoute('pump', { action: 'activate', version: '1' }, ann);
  await stores.pause(1_000);
  return stores;
}

async function callsOf(): Promise<string[]> {
  const names: string[] = [];
  const seen = intercept(await prepared(), (name, call) => {
    names.push(name);
    return call();
  });
  await work(registryOf(seen));
  return names;
}

const calls = await callsOf();

describe('a change that ends half-way', () => {
  it.each(
    calls.flatMap((name, index) => [
      { step: index + 1, name, moment: 'before' },
      { step: index + 1, name, moment: 'after' },
    ]),
  )('$moment call $step, $name, hides nothing, and the repair ends it', async ({ step, moment }) => {
    const stores = await prepared();
    let count = 0;
    const dying = intercept(stores, async (name, call) => {
      count += 1;
      if (count === step && moment === 'after') await call();
      if (count >= step) throw new Error(`process ended at ${name}`);
      return call();
    });
    await work(registryOf(dying)).catch(() => undefined);
    await expectInStep(stores);
    const later = Date.now() + 3_600_000;
    for (let run = 0; run < 2; run++) {
      await stores.pause(1_000);
      await registryOf(stores, later).repair();
    }
    expect(await stores.index.listMarks()).toEqual([]);
    await expectInStep(stores, later);
  });
});

it('is in step at the end of any race of two writers, and at every moment of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const stores = await prepared();
      const turns = new Turns(scheduler);
      const racing = ['ann', 'bob'].map(async (actor, index) => {
        const registry = registryOf(turns.storesOf(actor, stores));
        const { blob, digest, manifest } = await sampleRelease('pump', `${index + 4}`);
        await registry.putBlob(digest, blob, blob.byteLength);
        await registry.putManifest('pump', manifest.version, manifest);
        await registry
          .appendRoute('pump', { action: 'activate', version: manifest.version }, { actor })
          .catch(() => {});
        await registry.deleteVersion('pump', '3').catch(() => {});
      });
      await turns.until(Promise.all(racing));
      await expectInStep(stores);
    }),
    { numRuns: 60 },
  );
}, 120_000);

it('may refuse every write for a while: lists are right meanwhile, and the next change writes what is missing', async () => {
  const stores = await prepared();
  let isBusy = true;
  const busy = intercept(stores, (name, call) => (name === 'index.write' && isBusy ? Promise.resolve(false) : call()));
  const registry = registryOf(busy);
  await work(registry);
  expect((await stores.index.listMarks()).length).toBeGreaterThan(0);
  await expectInStep(stores);
  isBusy = false;
  await stores.pause(1_000);
  await upload(registry, await sampleRelease('fan', '2'));
  expect(await stores.index.listMarks()).toEqual([]);
  await expectInStep(stores);
});

it('is made of a registry that has none, by the repair, and lists tell of everything before', async () => {
  const stores = await prepared();
  const bare = { ...stores, index: createMemoryStores().index };
  await expectInStep(bare);
  const later = Date.now() + 3_600_000;
  expect(await registryOf(bare, later).repair()).toMatchObject({ indexed: ['pump'], failed: [] });
  expect((await bare.index.read()).index.complete).toBe(true);
  await expectInStep(bare);
});

it('is mended by the repair where somebody changed the registry without it', async () => {
  const stores = await prepared();
  await stores.routes.append({ ...((await stores.routes.newest('pump')) ?? expect.unreachable()), epoch: 2 });
  await stores.manifests.create((await sampleRelease('wild', '1')).manifest);
  await registryOf(stores, start).repair();
  await expectInStep(stores);
});

it('is made anew after a restore, whatever it said before', async () => {
  const stores = await prepared();
  await stores.manifests.create((await sampleRelease('pump', '7')).manifest);
  // Not the time at which this model is compared anyway.
  const turns = Array.from({ length: 12 }, (_, turn) => start + turn * 300_000);
  await registryOf(stores, turns[0]).repair({ anew: true });
  for (const ms of turns) await expectInStep(stores, ms);
});

it('writes nothing for a call that is refused', async () => {
  const stores = await prepared();
  const names: string[] = [];
  const seen = registryOf(
    intercept(stores, (name, call) => {
      names.push(name);
      return call();
    }),
  );
  await expect(seen.appendRoute('pump', { action: 'activate', version: '9' }, ann)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(seen.putManifest('pump', '9', {})).rejects.toMatchObject({ code: 'UNPROCESSABLE' });
  // It reads whether the model is missing or only its version.
  expect(names.filter((name) => /^index\.(write|mark|unmark)$/.test(name))).toEqual([]);
});

it('keeps no entry that is longer than 8 KiB: the model is read from the registry', async () => {
  const stores = await prepared();
  const route = (await stores.routes.newest('pump')) ?? expect.unreachable();
  const previous = Array.from({ length: 900 }, (_, index) => `1.${index}-${'x'.repeat(20)}`);
  await stores.routes.append({ ...route, epoch: 2, previous });
  await stores.pause(1_000);
  await upload(registryOf(stores), await sampleRelease('pump', '2'));
  expect((await stores.index.read()).index.models.get('pump')).toBeNull();
  await expectInStep(stores);
});

it('tells of all models although manifests of one cannot be read', async () => {
  const stores = await prepared();
  const { manifest } = await sampleRelease('sound', '1');
  await stores.manifests.create(manifest);
  const damaged = {
    ...stores,
    routes: {
      ...stores.routes,
      newest: async (model: string) => {
        if (model !== 'pump') return await stores.routes.newest(model);
        const { PopserveError } = await import('../../registry/errors.ts');
        throw new PopserveError('INTERNAL', 'models/pump/routes/1: expected JSON');
      },
    },
    index: createMemoryStores().index,
  };
  const { models } = await registryOf(damaged).listModels({ limit: 10 });
  expect(models).toEqual([
    { name: 'pump', versions: 2, route: null, damaged: true },
    { name: 'sound', versions: 1, route: null },
  ]);
  expect(manifestText(manifest)).toContain('sound');
});
