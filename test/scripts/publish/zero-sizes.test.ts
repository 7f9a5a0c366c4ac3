// Inputs without elements: publishing tries them, the manifest says which ran, and the Worker runs those alone.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { Workshop } from './workshop.ts';

const cases = join(import.meta.dirname, '../../../../shared/cases/pass-zero-rows');
const float32 = 1;

let workshop: Workshop;
let pop: TestPop;
beforeAll(async () => {
  [workshop, pop] = await Promise.all([Workshop.open(), TestPop.start()]);
  await pop.release(adder('neighbour', '1', 10));
});
afterAll(() => Promise.all([workshop.close(), pop.stop()]));

const tensor = (name: string, shape: number[], data: number[] = []) => ({ name, shape, datatype: 'FP32', data });

async function ask(name: string, ...inputs: ReturnType<typeof tensor>[]) {
  const answer = await pop.send('POST', `/v2/models/${name}/infer`, { inputs });
  return { status: answer.status, ...answer.json<{ error?: string; outputs?: { shape: number[] }[] }>() };
}

/** A recurrent network over [steps, 1, 4], whose kernel divides by the number of steps. */
function lstm() {
  const weights = (count: number) => Array.from({ length: count }, (_, index) => (index % 7) / 10);
  return model({
    name: 'lstm',
    opsets: { '': 17 },
    inputs: [tensorValue('x', float32, ['steps', 'batch', 4])],
    outputs: [tensorValue('y', float32, [null, null, null, null])],
    nodes: [node('LSTM', ['x', 'w', 'r'], ['y'], { hidden_size: { int: 4 } })],
    initializers: [floats('w', [1, 16, 4], weights(64)), floats('r', [1, 16, 4], weights(64))],
  });
}

test('an empty batch is tried, recorded and served; other zeros are refused by name', {
  timeout: 120_000,
}, async () => {
  const source = model({
    name: 'double',
    opsets: { '': 17 },
    inputs: [tensorValue('x', float32, ['batch', 2]), tensorValue('z', float32, ['batch', 2])],
    outputs: [tensorValue('y', float32, ['batch', 2])],
    nodes: [node('Add', ['x', 'z'], ['y'])],
  });
  const published = await workshop.publish(workshop.write('double.onnx', source), { model: 'double' });
  expect(published.manifest.zeroSizes).toEqual([
    [
      { input: 'x', axis: 0 },
      { input: 'z', axis: 0 },
    ],
  ]);
  await pop.release(published);
  expect(await ask('double', tensor('x', [0, 2]), tensor('z', [0, 2]))).toMatchObject({
    status: 200,
    outputs: [{ shape: [0, 2] }],
  });
  const alone = await ask('double', tensor('x', [0, 2]), tensor('z', [1, 2], [1, 2]));
  expect(alone).toMatchObject({ status: 400, error: expect.stringContaining("axis 0 of input 'x'") });
});

test('an LSTM without steps is never run at a PoP unless publishing saw it run', { timeout: 120_000 }, async () => {
  const published = await workshop.publish(workshop.write('lstm.onnx', lstm()), { model: 'lstm' });
  await pop.release(published);
  const steps = JSON.stringify([{ input: 'x', axis: 0 }]);
  const isTried = (published.manifest.zeroSizes ?? []).some((each) => JSON.stringify(each) === steps);
  expect((await ask('lstm', tensor('x', [1, 1, 4], [1, 2, 3, 4]))).status).toBe(200);
  expect((await ask('lstm', tensor('x', [0, 1, 4]))).status).toBe(isTried ? 200 : 400);
  expect(pop.logs.filter(({ event }) => event === 'heap-broken')).toEqual([]);
  expect((await ask('neighbour', tensor('x', [1, 2], [1, 2]))).status).toBe(200);
});

test('a manifest that says nothing of zeros refuses all', async () => {
  const { manifest, blobs } = adder('older', '1', 10);
  const { zeroSizes: _, ...older } = manifest;
  await pop.release({ manifest: older, blobs });
  expect(await ask('older', tensor('x', [0, 2]))).toMatchObject({
    status: 400,
    error: expect.stringContaining('size 0 was not tried with this version'),
  });
  expect((await ask('older', tensor('x', [1, 2], [1, 2]))).status).toBe(200);
});

describe.skipIf(!existsSync(cases))('models that are made for empty tensors', () => {
  test('a concatenation with an empty past, and boxes of which there are none', { timeout: 240_000 }, async () => {
    await pop.release(await workshop.publish(join(cases, 'pastkv.onnx'), { model: 'pastkv' }));
    const past = await ask('pastkv', tensor('x', [1, 2, 1, 4], [1, 2, 3, 4, 5, 6, 7, 8]), tensor('past', [1, 2, 0, 4]));
    expect(past, past.error).toMatchObject({ status: 200 });
    await pop.release(await workshop.publish(join(cases, 'nms.onnx'), { model: 'nms' }));
    const none = await ask('nms', tensor('boxes', [1, 0, 4]), tensor('scores', [1, 1, 0]));
    expect(none, none.error).toMatchObject({ status: 200 });
  });
});
