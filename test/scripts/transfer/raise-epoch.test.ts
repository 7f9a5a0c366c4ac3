import { expect, it } from 'vitest';
import type { ModelStatus, PopStatus } from '../../../registry/api/status.ts';
import type { Route } from '../../../registry/route.ts';
import { nextRoute } from '../../../registry/transition.ts';
import { lostEpoch, raiseEpoch } from '../../../scripts/transfer/raise-epoch.ts';

const context = { model: 'pump', actor: 'ann', at: new Date('2026-11-24T12:00:00Z') };
const route = { ...nextRoute(null, { action: 'activate', version: '1' }, context), epoch: 5 };

function pop(highestEpoch: number, logEpoch: number | null = null): PopStatus {
  const ahead = logEpoch === null ? null : { logEpoch };
  const shown = { pop: 'FRA', stable: '1', canary: null, held: null, isolates: 1, seenAtMs: 0 };
  return { ...shown, epoch: highestEpoch, highestEpoch, ahead };
}

function status(newest: Route | null, releaseEpoch: number | null, ...pops: PopStatus[]): ModelStatus {
  const times = { releasedAtMs: 0, pops: 1, reachedPops: 1, reach50Ms: null, reach90Ms: null, reach100Ms: null };
  const release = releaseEpoch === null ? null : { epoch: releaseEpoch, ...times };
  return { model: 'pump', route: newest, release, pops, versions: [], guard: [] };
}

it.each([
  ['nothing was heard of', status(route, null), null],
  ['the log is ahead', status(route, 5, pop(4)), null],
  ['a PoP serves the newest epoch', status(route, 5, pop(5)), null],
  ['a PoP is ahead', status(route, 5, pop(9, 5)), 9],
  ['a PoP serves another route of the same epoch', status(route, 5, pop(5, 5)), 5],
  ['PoPs were ahead that are silent now', status(route, 7), 7],
])('%s', (_, told, lost) => {
  expect(lostEpoch(told)).toBe(lost);
});

it('asks until the log is above it, and tells what was lost', async () => {
  const asked: unknown[] = [];
  let epoch = route.epoch;
  const target = {
    status: async () => status(route, 250),
    appendRoute: async (_model: string, action: unknown) => {
      asked.push(action);
      epoch = Math.min(epoch + 100, 251);
      return { route: { ...route, epoch } };
    },
  };
  expect(await raiseEpoch(target, 'pump')).toEqual({ model: 'pump', from: 5, lost: 250, to: 251 });
  const reason = 'restored from a backup: epochs 6 to 250 were lost';
  expect(asked).toEqual(Array.from({ length: 3 }, () => ({ action: 'renew', aboveEpoch: 250, reason })));
});
