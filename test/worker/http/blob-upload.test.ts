// An upload to storage that cannot be reached is answered, and the next one goes through.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaultKind } from '../../../scripts/checks/simulate/network/faults.ts';
import { openStage, type Stage } from '../../../scripts/checks/simulate/stage.ts';

const pop = 'pop-01';
const faults = new Set<FaultKind>();

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({
    ...{ seed: 1, timeScale: 1, pops: [pop], isolates: [{ pop, generation: 0 }], versions: 1, ballastBytes: 16_384 },
    ...{ operatorPops: [pop], deaths: 0, faults: { active: () => faults } },
  });
}, 180_000);
afterAll(() => stage.close());

it('fails at once where storage fails before it has read any of the body', async () => {
  const [operator] = stage.operators;
  const [release] = stage.releases;
  if (!operator || !release) throw new Error('expected an operator and a release');
  faults.add('cut-off');
  expect(await operator.upload(release)).toBe(false);
  // An answer with a status of 500 or more, and not none.
  expect(operator.counts).toMatchObject({ failed: 1, wrong: [] });
  faults.clear();
  expect(await operator.upload(release)).toBe(true);
});
