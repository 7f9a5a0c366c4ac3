// Invariant 4: a release that ends half-way, at any step, leaves the old version serving and can be repeated.
import { describe, expect, it } from 'vitest';
import { Registry } from '../../registry/registry.ts';
import { writeIntervalMs } from '../../registry/write-rate.ts';
import { type Interception, intercept } from './intercept.ts';
import { createMemoryStores } from './memory-stores.ts';
import { sampleRelease, upload, uploadVersions } from './sample-release.ts';
import type { TimedStores } from './write-rate-double.ts';

const now = () => new Date('2026-11-23T10:00:00Z');
const ann = { actor: 'ann' };

async function release(registry: Registry, version: string) {
  await upload(registry, await sampleRelease('pump', version));
  return registry.appendRoute('pump', { action: 'activate', version }, ann);
}

/** From the given call on nothing reaches the stores: the process is gone. */
function dieAt(fatalCall: number, moment: 'before' | 'after'): Interception {
  let calls = 0;
  return async (name, call) => {
    calls += 1;
    if (calls === fatalCall && moment === 'after') await call();
    if (calls >= fatalCall) throw new Error(`process ended at ${name}`);
    return call();
  };
}

async function storesServing(version: string): Promise<TimedStores> {
  const stores = createMemoryStores();
  await release(new Registry({ ...stores, now }), version);
  await stores.pause(writeIntervalMs);
  return stores;
}

/** Counts the calls of a whole release, so that none is left out below. */
async function callsOfRelease(): Promise<string[]> {
  const names: string[] = [];
  const stores = intercept(await storesServing('1'), (name, call) => {
    names.push(name);
    return call();
  });
  await release(new Registry({ ...stores, now }), '2');
  return names;
}

const calls = await callsOfRelease();
const steps = calls.flatMap((name, index) => [
  { step: index + 1, name, moment: 'before' as const },
  { step: index + 1, name, moment: 'after' as const },
]);
const routeStep = calls.indexOf('routes.append') + 1;

it('writes blobs, manifest, route and copy in this order', () => {
  const writes = calls.filter((name) => /\.(create|append|put)$/.test(name));
  // The second manifests.create keeps what a deletion may have taken away meanwhile.
  expect(writes).toEqual(['blobs.create', 'manifests.create', 'routes.append', 'manifests.create', 'copies.put']);
});

describe.each(steps)('a release that ends $moment call $step, $name', ({ step, moment }) => {
  const switched = step > routeStep || (step === routeStep && moment === 'after');

  it(`leaves version ${switched ? 2 : 1} in the log with all that it needs`, async () => {
    const stores = await storesServing('1');
    const dying = new Registry({ ...intercept(stores, dieAt(step, moment)), now });
    await release(dying, '2').catch(() => undefined);

    const registry = new Registry({ ...stores, now });
    const newest = await registry.readNewest('pump');
    const version = newest?.route.aliases.stable ?? '';
    expect(version).toBe(switched ? '2' : '1');
    const { digest, bytes } = newest?.manifests[version]?.artifacts.model ?? {};
    expect(await registry.hasBlob(digest as `sha256:${string}`)).toMatchObject({ bytes });
    // Points of presence that read the copy see the old route or the new one, and find all of it.
    const copy = await registry.readCopy('pump');
    expect(copy?.route.epoch).toBeLessThanOrEqual(newest?.route.epoch ?? 0);
    expect(Object.keys(copy?.manifests ?? {})).toEqual([copy?.route.aliases.stable]);
  });

  it('can be repeated', async () => {
    const stores = await storesServing('1');
    const dying = new Registry({ ...intercept(stores, dieAt(step, moment)), now });
    await release(dying, '2').catch(() => undefined);

    await stores.pause(writeIntervalMs);
    const registry = new Registry({ ...stores, now });
    const { route, copyPending } = await release(registry, '2');
    expect({ epoch: route.epoch, stable: route.aliases.stable, copyPending }).toEqual({
      epoch: 2,
      stable: '2',
      copyPending: false,
    });
    expect((await registry.readCopy('pump'))?.route).toEqual(route);
    expect((await registry.history('pump', { limit: 10 })).routes).toHaveLength(2);
  });
});

describe('a release whose route was written although the answer got lost', () => {
  it('stands', async () => {
    const stores = await storesServing('1');
    const lossy = intercept(stores, async (name, call) => {
      const answer = await call();
      if (name === 'routes.append') throw new Error('connection lost');
      return answer;
    });
    const { route, created } = await release(new Registry({ ...lossy, now }), '2');
    expect({ epoch: route.epoch, created }).toEqual({ epoch: 2, created: true });
  });

  it('is a conflict if another writer holds the epoch, and an error if nobody does', async () => {
    for (const [action, outcome] of [
      ['taken', { code: 'CONFLICT', message: expect.stringContaining('lost to epoch 2 of bob (activate)') }],
      ['free', { message: 'refused: too many writes' }],
    ] as const) {
      const stores = await storesServing('1');
      const registry = new Registry({ ...stores, now });
      await uploadVersions(registry, 'pump', ['2', '3']);
      const refusing = intercept(stores, async (name, call) => {
        if (name !== 'routes.append') return call();
        if (action === 'taken')
          await registry.appendRoute('pump', { action: 'activate', version: '3' }, { actor: 'bob' });
        throw new Error('refused: too many writes');
      });
      const attempt = new Registry({ ...refusing, now }).appendRoute('pump', { action: 'activate', version: '2' }, ann);
      await expect(attempt).rejects.toMatchObject(outcome);
    }
  });
});
