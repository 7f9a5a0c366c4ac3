import { beforeEach, describe, expect, it } from 'vitest';
import { Registry } from '../../registry/registry.ts';
import { mostRenewed, renewedRoutes } from '../../registry/renew-route.ts';
import { writeIntervalMs } from '../../registry/write-rate.ts';
import { createMemoryStores } from './memory-stores.ts';
import { uploadVersions } from './sample-release.ts';

const context = { model: 'pump', actor: 'ann', at: new Date('2026-11-24T12:00:00Z'), reason: 'restored' };
let registry: Registry;
let stores: ReturnType<typeof createMemoryStores>;
const act = (action: Parameters<Registry['appendRoute']>[1], ifMatchEpoch?: number) =>
  registry.appendRoute('pump', action, { actor: 'ann', ...(ifMatchEpoch === undefined ? {} : { ifMatchEpoch }) });
const renew = (aboveEpoch: number, ifMatchEpoch?: number) =>
  act({ action: 'renew', aboveEpoch, reason: 'restored' }, ifMatchEpoch);

beforeEach(async () => {
  stores = createMemoryStores();
  registry = new Registry({ ...stores, now: () => new Date() });
  await uploadVersions(registry, 'pump', ['1', '2']);
});

describe('renewing', () => {
  it('serves the same under the first epoch above the given one, with no gap in the log', async () => {
    await act({ action: 'activate', version: '1' });
    await act({ action: 'canary', version: '2', percent: 5 });
    const before = await registry.currentRoute('pump');
    await stores.pause(writeIntervalMs);
    const { route, created } = await renew(6);
    expect(created).toBe(true);
    expect(route).toEqual({ ...before, epoch: 7, audit: { ...route.audit, action: 'renew', reason: 'restored' } });
    expect((await registry.history('pump', { limit: 50 })).routes.map(({ epoch }) => epoch)).toEqual([
      7, 6, 5, 4, 3, 2, 1,
    ]);
    expect((await registry.readCopy('pump'))?.route).toEqual(route);
  });

  it('changes nothing where the log is above it already', async () => {
    const { route } = await act({ action: 'activate', version: '1' });
    await act({ action: 'activate', version: '2' });
    expect(await renew(route.epoch)).toMatchObject({ created: false, route: { epoch: 2 } });
  });

  it('goes on where a call ended, a bounded number of routes at a time', async () => {
    await act({ action: 'activate', version: '1' });
    const epochs: number[] = [];
    for (let call = 0; call < 4; call += 1) epochs.push((await renew(250)).route.epoch);
    expect(epochs).toEqual([1 + mostRenewed, 1 + 2 * mostRenewed, 251, 251]);
  });

  it('holds to the epoch that the operator has seen, and needs a route', async () => {
    await expect(renew(3)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('nothing to renew'),
    });
    await act({ action: 'activate', version: '1' });
    await expect(renew(3, 7)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is pure', async () => {
    const { route } = await act({ action: 'activate', version: '1' });
    expect(renewedRoutes(route, 2, context).map(({ epoch }) => epoch)).toEqual([2, 3]);
    expect(renewedRoutes(route, 0, context)).toEqual([]);
  });
});
