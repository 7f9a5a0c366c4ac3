// One wave each of the attack on an isolate's memory; `npm run attack` is the long one.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isolateMemory } from '../../../../registry/default-limits.ts';
import { mebibyte } from '../../../../registry/mebibytes.ts';
import { attackMemory, totalOf } from '../../../../scripts/checks/attack/memory.ts';
import { heldForRequests, startFuzzPop } from '../../../../scripts/checks/fuzz/fuzz-pop.ts';
import type { Pop } from '../../../../scripts/local-pop/pop.ts';

let pop: Pop;
beforeAll(async () => {
  pop = await startFuzzPop();
});
afterAll(() => pop.stop());

test('an isolate holds no more than it may while many callers hold what they can, and others are served', async () => {
  const report = await attackMemory(pop, { seconds: 1 });
  expect(totalOf(report.held), JSON.stringify(report)).toBeLessThanOrEqual(isolateMemory.totalMib * mebibyte);
  // The attackers came as far as the limit.
  expect(totalOf(report.held)).toBeGreaterThan(80 * mebibyte);
  expect(report.byStatus[503]).toBeGreaterThan(0);
  expect(report.victimsRefused).toBe(0);
  await expect.poll(() => heldForRequests(pop), { timeout: 20_000 }).toBe(0);
}, 120_000);
