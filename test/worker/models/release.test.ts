// The work behind a release whose copy could not be written at once.
import { expect, test } from 'vitest';
import type { RouteChange } from '../../../registry/append-route.ts';
import { release } from '../../../worker/models/release.ts';

/** @param copyPending as the registry says of the new route */
async function released(copyPending: boolean): Promise<{ completed: string[]; notes: object[] }> {
  const completed: string[] = [];
  const notes: object[] = [];
  const background: Promise<unknown>[] = [];
  const change = { route: { epoch: 4 }, created: true, copyPending } as RouteChange;
  const places = {
    registry: {
      appendRoute: async () => change,
      completeCopy: async (model: string) => {
        completed.push(model);
        return null;
      },
    },
    routes: { learn: () => undefined },
    telemetry: { released: async () => undefined },
  };
  const operator = { actor: 'ann', note: (_change: string, details: object) => void notes.push(details) };
  const scope = { waitUntil: (work: Promise<unknown>) => void background.push(work) };
  const asked = { model: 'pump', action: { action: 'activate' as const, version: '1' } };
  expect(await release(places, asked, operator, scope)).toBe(change);
  await Promise.all(background);
  return { completed, notes };
}

test('a pending copy is completed behind the answer, and the audit says that it was pending', async () => {
  const { completed, notes } = await released(true);
  expect(completed).toEqual(['pump']);
  expect(notes).toEqual([expect.objectContaining({ epoch: 4, copyPending: true })]);
});

test('a copy that was written is not written again', async () => {
  expect((await released(false)).completed).toEqual([]);
});
