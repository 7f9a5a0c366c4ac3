// The route that an isolate begins with where the newest one names a version that may never return.
import { beforeEach, expect, test } from 'vitest';
import { Registry } from '../../registry/registry.ts';
import type { RouteCopy } from '../../registry/route.ts';
import { writeIntervalMs } from '../../registry/write-rate.ts';
import { createMemoryStores } from './memory-stores.ts';
import { uploadVersions } from './sample-release.ts';

let stores: ReturnType<typeof createMemoryStores>;
let registry: Registry;
beforeEach(async () => {
  stores = createMemoryStores();
  registry = new Registry({ ...stores, now: () => new Date() });
  await uploadVersions(registry, 'pump', ['1', '2', '3']);
});

/** A second after whatever was before. */
async function activate(version: string) {
  await stores.pause(writeIntervalMs);
  await registry.appendRoute('pump', { action: 'activate', version }, { actor: 'ann' });
}
const begin = (version: string, number = 1) =>
  registry.beginTrial('pump', version, { number, by: `isolate-${number}`, pop: 'FRA' });

async function newest(): Promise<RouteCopy> {
  const copy = await registry.readCopy('pump');
  if (copy === null) throw new Error('expected a copy');
  return copy;
}

test('is the one before, while the trial of the newest stable has not ended', async () => {
  await activate('1');
  await registry.proveVersion('pump', '1');
  await activate('2');
  expect(await registry.readStandIn(await newest())).toBeNull();
  await begin('2');
  expect((await registry.readStandIn(await newest()))?.route).toMatchObject({ epoch: 1, aliases: { stable: '1' } });
  await registry.proveVersion('pump', '2');
  expect(await registry.readStandIn(await newest())).toBeNull();
});

test('passes over routes whose stable has not come through a trial either', async () => {
  for (const version of ['1', '2', '3']) await activate(version);
  await begin('2');
  await begin('3');
  expect((await registry.readStandIn(await newest()))?.route).toMatchObject({ epoch: 1, aliases: { stable: '1' } });
  await begin('1');
  expect(await registry.readStandIn(await newest())).toBeNull();
});

test('is not looked for where the copy says that its stable is proven, nor for a first version', async () => {
  await activate('1');
  await begin('1');
  expect(await registry.readStandIn(await newest())).toBeNull();
  await registry.proveVersion('pump', '1');
  expect((await newest()).proven).toEqual(['1']);
  await activate('2');
  await registry.proveVersion('pump', '2');
  const copy = await newest();
  expect(copy.proven).toEqual(['2']);
  stores.trials.read = () => Promise.reject(new Error('not to be asked'));
  expect(await registry.readStandIn(copy)).toBeNull();
});

test('the repair tells the copy of versions that were proven while KV refused writes', async () => {
  await activate('1');
  const before = await newest();
  await registry.proveVersion('pump', '1');
  await stores.pause(writeIntervalMs);
  await stores.copies.put(before);
  expect((await registry.repair()).repaired).toEqual(['pump']);
  expect((await newest()).proven).toEqual(['1']);
  expect((await registry.repair()).repaired).toEqual([]);
});
