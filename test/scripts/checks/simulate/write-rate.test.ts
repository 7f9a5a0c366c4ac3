// The Worker over storage that takes one write a second to a key, in real time: releases stand at once, and their copies come.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStage, type Stage } from '../../../../scripts/checks/simulate/stage.ts';
import { eventually } from '../../../harness/eventually.ts';

const pop = 'pop-01';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({
    ...{ seed: 1, timeScale: 1, pops: [pop], isolates: [{ pop, generation: 0 }], versions: 3, ballastBytes: 16_384 },
    ...{ operatorPops: [pop, 'pop-02'], deaths: 0, faults: { active: () => new Set() } },
  });
}, 180_000);
afterAll(() => stage.close());

it('releases one after another stand at once, and the last one has its copy soon, without a repair', async () => {
  const { operators, network } = stage;
  const epochInKv = () => {
    const copy = network.kvValue(pop, 'route:pump');
    return copy === null ? 0 : (JSON.parse(copy.toString()) as { route: { epoch: number } }).route.epoch;
  };
  for (const version of ['1', '2']) await operators[0]?.begin(version);
  // Until a version is proven its proof writes the copy as well.
  const isProven = (version: string) => network.objectExists(`trials/pump/${version}/proven`);
  await eventually(() => expect([isProven('1'), isProven('2'), epochInKv()]).toEqual([true, true, 2]));
  const refusedBefore = network.counts.refusedWrites;
  const epochs: unknown[] = [];
  for (const version of ['1', '2', '1']) epochs.push(await operators[0]?.route({ action: 'activate', version }));
  expect(epochs).toEqual([3, 4, 5]);
  expect(network.counts.refusedWrites).toBeGreaterThan(refusedBefore);
  await eventually(() => expect(epochInKv()).toBe(5));
});

it('an operator whose write is refused is told when to repeat it, and one of two wins', async () => {
  const { operators } = stage;
  const activate = (version: string) => ({ action: 'activate' as const, version });
  const [, , third] = stage.releases;
  if (third) await operators[0]?.upload(third);
  const both = await Promise.all(
    ['2', '3'].map((version, index) => operators[index]?.route(activate(version)) ?? Promise.resolve(null)),
  );
  expect(both.filter((epoch) => epoch === 6).length).toBeLessThanOrEqual(1);
  expect(both.filter((epoch) => epoch !== null && epoch > 5).length).toBeGreaterThan(0);
  expect(operators.flatMap(({ counts }) => counts.wrong)).toEqual([]);
});
