// A model that fits into an isolate only where it has all of it: publishing takes it, and the Worker serves it after another one.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { elementCount } from '../../../registry/signature.ts';
import { matmulModel } from '../../../scripts/checks/bench/matmul-model.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { Workshop } from '../../scripts/publish/workshop.ts';

const budgetMib = 40;
/** onnxruntime takes 9 of the 16 MiB that a heap begins with: the weights fit beside that, and not beside all 16. */
const weightMib = 26;

let workshop: Workshop;
let pop: TestPop;
beforeAll(async () => {
  workshop = await Workshop.open();
  pop = await TestPop.start({ MEMORY_BUDGET_MIB: String(budgetMib) });
});
afterAll(async () => {
  await pop.stop();
  await workshop.close();
});

test('a model that fits into an isolate alone is published and served, and the heap grows by what is missing', async () => {
  const { onnx, inputs } = matmulModel(weightMib, 1);
  const file = workshop.write('large.onnx', onnx);
  const { manifest, blobs } = await workshop.publish(file, { model: 'large', memoryBudgetMib: budgetMib });
  const needMib = (manifest.runtime.profiles.lean?.heapBytes ?? 0) / mebibyte;
  expect(needMib).toBeGreaterThanOrEqual(weightMib);
  expect(needMib).toBeLessThan(weightMib + 2);

  await pop.release(adder('small', '1', 1));
  const small = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
  expect((await pop.send('POST', '/v2/models/small/infer', small)).json()).toMatchObject({
    outputs: [{ data: [2, 3] }],
  });
  await pop.release({ manifest, blobs });
  const rows = inputs.map((input) => ({ ...input, data: new Array(elementCount(input.shape)).fill(0.5) }));
  const answer = await pop.send('POST', '/v2/models/large/infer', { inputs: rows });
  expect(answer.status, new TextDecoder().decode(answer.bytes)).toBe(200);

  const loaded = pop.logs.find(({ event, model }) => event === 'model-loaded' && model === 'large');
  expect(Number(loaded?.heap) / mebibyte).toBeLessThan(9 + weightMib + 2);
}, 120_000);
