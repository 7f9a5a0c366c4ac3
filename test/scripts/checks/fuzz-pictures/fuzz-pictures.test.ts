// A short fuzzing run over pictures of every kind; `npm run fuzz:pictures` is the long one. The seed is printed and can be given again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { heldForRequests } from '../../../../scripts/checks/fuzz/fuzz-pop.ts';
import { startPicturesPop } from '../../../../scripts/checks/fuzz-pictures/pictures-pop.ts';
import { fuzzPictures, pictureNumber } from '../../../../scripts/checks/fuzz-pictures/run.ts';
import type { Pop } from '../../../../scripts/local-pop/pop.ts';

const seed = Number(process.env.POPSERVE_FUZZ_SEED ?? Date.now() % 2 ** 31);

let pop: Pop;
beforeAll(async () => {
  pop = await startPicturesPop();
});
afterAll(() => pop.stop());

test('mutated pictures are answered or refused by their step, and the next good one is answered', async () => {
  const report = await fuzzPictures({ url: pop.url, seed, count: 1500 });
  expect(report.findings, `npm run fuzz:pictures -- --seed ${seed} --only <index>`).toEqual([]);
  expect([report.sent, report.known]).toEqual([1500, 30]);
  // Some are refused and some let through: the changes reach behind the first check.
  expect(report.byStatus[200]).toBeGreaterThan(100);
  expect(report.byStatus[400]).toBeGreaterThan(100);
  expect(report.byStatus[415]).toBeGreaterThan(10);
  await expect.poll(() => heldForRequests(pop)).toBe(0);
}, 120_000);

test('a seed gives the same pictures again', () => {
  for (let index = 0; index < 200; index++) expect(pictureNumber(7, index)).toEqual(pictureNumber(7, index));
  expect(pictureNumber(7, 1)).not.toEqual(pictureNumber(8, 1));
});
