// A mistyped setting leaves its default in force: the Worker's log says so, at the first request of each isolate.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { TestPop } from '../harness/pop.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ INFERENCE_ACESS: 'not-to-be-told', OWN_COLOUR: 'blue' });
});
afterAll(() => pop.stop());

it('names each variable once, and never its value', async () => {
  for (let asked = 0; asked < 3; asked++) expect((await pop.send('GET', '/v2/health/live')).status).toBe(200);
  const told = await eventually(() => {
    const lines = pop.logs.filter(({ event }) => event === 'unknown-setting');
    expect(lines.length).toBeGreaterThan(1);
    return lines;
  });
  expect(told).toEqual([
    { event: 'unknown-setting', setting: 'INFERENCE_ACESS', meant: 'INFERENCE_ACCESS' },
    { event: 'unknown-setting', setting: 'OWN_COLOUR' },
  ]);
  expect(JSON.stringify(pop.logs)).not.toContain('not-to-be-told');
});
