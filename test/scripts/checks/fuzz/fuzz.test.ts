// A short fuzzing run over every form of request; `npm run fuzz` is the long one. The seed is printed and can be given again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { heldForRequests, startFuzzPop } from '../../../../scripts/checks/fuzz/fuzz-pop.ts';
import { fuzz, requestNumber } from '../../../../scripts/checks/fuzz/run.ts';
import type { Pop } from '../../../../scripts/local-pop/pop.ts';

const seed = Number(process.env.POPSERVE_FUZZ_SEED ?? Date.now() % 2 ** 31);

let pop: Pop;
beforeAll(async () => {
  pop = await startFuzzPop();
});
afterAll(() => pop.stop());

test('mutated requests get no 5xx but a reasoned 503, none hangs, and the next good request is answered', async () => {
  const report = await fuzz({ url: pop.url, seed, requests: 1500 });
  expect(report.findings, `npm run fuzz -- --seed ${seed} --only <index>`).toEqual([]);
  expect(report.sent).toBe(1500);
  expect(report.known).toBe(30);
  // Some are refused and some let through: the changes reach behind the first check.
  expect(report.byStatus[200]).toBeGreaterThan(100);
  expect(report.byStatus[400]).toBeGreaterThan(100);
  await expect.poll(() => heldForRequests(pop)).toBe(0);
}, 120_000);

test('a seed gives the same requests again', () => {
  for (let index = 0; index < 200; index++) expect(requestNumber(7, index)).toEqual(requestNumber(7, index));
  expect(requestNumber(7, 1)).not.toEqual(requestNumber(8, 1));
});
