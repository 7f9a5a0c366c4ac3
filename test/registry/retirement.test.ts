// A retirement that ends half-way, at any step, while a release routes the version: no route loses its manifest or its bytes.
import { describe, expect, it } from 'vitest';
import { Registry } from '../../registry/registry.ts';
import { settledAfterMs, settleRetirements } from '../../registry/retirement.ts';
import { writeIntervalMs } from '../../registry/write-rate.ts';
import { type Interception, intercept } from './intercept.ts';
import { createMemoryStores } from './memory-stores.ts';
import { sampleRelease, uploadVersions } from './sample-release.ts';

const ann = { actor: 'ann' };
const now = () => new Date();
const later = () => new Date(Date.now() + settledAfterMs + 1);
const activate = (version: string) => ({ action: 'activate' as const, version });

/** From the given call on nothing reaches the stores: the process is gone. */
function dieAt(fatal: string, moment: 'before' | 'after'): Interception {
  let dead = false;
  return async (name, call) => {
    if (dead) throw new Error(`process ended before ${name}`);
    dead = name === fatal;
    if (dead && moment === 'after') await call();
    if (dead) throw new Error(`process ended at ${name}`);
    return call();
  };
}

async function storesServing(version: string) {
  const stores = createMemoryStores();
  const registry = new Registry({ ...stores, now });
  await uploadVersions(registry, 'pump', ['1', '2']);
  await registry.appendRoute('pump', activate(version), ann);
  await stores.pause(writeIntervalMs);
  return stores;
}

const ends = ['manifests.retire', 'manifests.settleRetirement'].flatMap((name) => [
  { name, moment: 'before' as const },
  { name, moment: 'after' as const },
]);
const releases = [
  { release: 'ends well', fatal: '' },
  { release: 'ends as well once its route is written', fatal: 'manifests.create' },
];

describe.each(releases)('while a release of the version $release', ({ fatal }) => {
  it.each(ends)('one that ends $moment $name loses nothing', async ({ name, moment }) => {
    const stores = await storesServing('1');
    const releasing = new Registry({ ...intercept(stores, dieAt(fatal, 'before')), now });
    const dying = dieAt(name, moment);
    let looked = false;
    // The release comes between the first look at the routes and the deletion.
    const overtaken = intercept(stores, async (call, act) => {
      if (call === 'manifests.retire' && !looked) {
        looked = true;
        await releasing.appendRoute('pump', activate('2'), ann).catch(() => undefined);
      }
      return dying(call, act);
    });
    await expect(new Registry({ ...overtaken, now }).deleteVersion('pump', '2')).rejects.toThrow();

    const registry = new Registry({ ...stores, now: later });
    const { digest } = await sampleRelease('pump', '2');
    await registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
    expect(await registry.hasBlob(digest)).not.toBeNull();
    await registry.repair();
    expect((await registry.readNewest('pump'))?.manifests['2']).toBeDefined();
    expect((await registry.readCopy('pump'))?.route.aliases.stable).toBe('2');
    expect(await stores.manifests.listRetiring()).toEqual([]);
    // And so it stays.
    await registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
    expect(await registry.hasBlob(digest)).not.toBeNull();
  });
});

it('a release that ends once its route is written has its version, although it was retired in the meantime', async () => {
  const stores = await storesServing('1');
  const registry = new Registry({ ...stores, now });
  const dying = dieAt('manifests.create', 'before');
  const releasing = intercept(stores, async (call, act) => {
    if (call === 'routes.append') await registry.deleteVersion('pump', '2');
    return dying(call, act);
  });
  const change = await new Registry({ ...releasing, now }).appendRoute('pump', activate('2'), ann);
  const ended = expect.stringContaining('process ended');
  expect(change).toMatchObject({ created: true, manifestError: ended, copyPending: true, copyError: ended });
  const { digest } = await sampleRelease('pump', '2');
  await registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
  expect(await registry.hasBlob(digest)).not.toBeNull();
  await new Registry({ ...stores, now: later }).repair();
  expect((await registry.readNewest('pump'))?.manifests['2']).toBeDefined();
});

it('gives back what one may still roll back to', async () => {
  const stores = await storesServing('1');
  const { manifest } = await sampleRelease('pump', '1');
  await new Registry({ ...stores, now }).appendRoute('pump', activate('2'), ann);
  await stores.manifests.retire(manifest);
  const registry = new Registry({ ...stores, now: later, retentionSeconds: 86_400 });
  expect(await registry.repair()).toMatchObject({
    ...{ restored: [{ model: 'pump', version: '1' }], repaired: [], failed: [] },
  });
  const { route } = await registry.appendRoute('pump', { action: 'rollback' }, ann);
  expect(route.aliases.stable).toBe('1');
});

it('lets go what no route names, and leaves alone what may be under way', async () => {
  const stores = await storesServing('1');
  const { manifest, digest } = await sampleRelease('pump', '2');
  await stores.manifests.retire(manifest);
  await new Registry({ ...stores, now }).repair();
  expect(await stores.manifests.listRetiring()).toHaveLength(1);
  const registry = new Registry({ ...stores, now: later });
  expect(await registry.repair()).toMatchObject({ restored: [], repaired: [], failed: [] });
  expect(await stores.manifests.listRetiring()).toEqual([]);
  await registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
  expect(await registry.hasBlob(digest)).toBeNull();
});

it('goes on to the next when one cannot be looked at, and says which', async () => {
  const stores = await storesServing('1');
  for (const model of ['other', 'pump']) {
    await stores.manifests.retire((await sampleRelease(model, '2')).manifest);
  }
  const failing = {
    ...stores.routes,
    newest: (model: string) => (model === 'other' ? Promise.reject(new Error('no')) : stores.routes.newest(model)),
  };
  const report = await new Registry({ ...stores, routes: failing, now: later }).repair();
  expect(report.failed).toContainEqual({ model: 'other', error: 'Error: no' });
  expect(await stores.manifests.listRetiring()).toMatchObject([{ model: 'other' }]);
});

it('is settled from its age on, not before; one that fails is reported and keeps none from its turn', async () => {
  const { manifests, pause } = createMemoryStores();
  for (const model of ['fan', 'pump']) await manifests.retire((await sampleRelease(model, '2')).manifest);
  const since = Math.max(...(await manifests.listRetiring()).map(({ sinceAt }) => sinceAt.getTime()));
  const settle = (ageMs: number) =>
    settleRetirements(manifests, {
      now: new Date(since + 1_000),
      ageMs,
      isNeeded: ({ model }) => (model === 'fan' ? Promise.reject(new Error('R2 is away')) : Promise.resolve(true)),
      pause,
    });
  expect(await settle(2_000)).toEqual({ restored: [], failed: [] });
  expect(await settle(1_000)).toEqual({
    restored: [{ model: 'pump', version: '2' }],
    failed: [{ model: 'fan', error: 'Error: R2 is away' }],
  });
  expect(await manifests.listRetiring()).toMatchObject([{ model: 'fan' }]);
});
