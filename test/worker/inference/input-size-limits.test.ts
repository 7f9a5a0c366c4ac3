// The limits that a version was published with: an input beyond them is refused before anything runs.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  const { manifest, blobs } = adder('limited', '1', 10);
  const bytes = blobs[0]?.bytes ?? new Uint8Array();
  const limits = [{ name: 'x', shape: [4, null], elements: 6 }];
  await pop.release(publication('limited', '1', bytes, manifest.signature, { limits }));
});
afterAll(() => pop.stop());

function rows(count: number) {
  const data = new Array(2 * count).fill(1);
  return pop.send('POST', '/v2/models/limited/infer', {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [count, 2], data }],
  });
}

function binaryRows(count: number) {
  const header = JSON.stringify({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [count, 2], parameters: { binary_data_size: 8 * count } }],
  });
  const body = new Uint8Array([...new TextEncoder().encode(header), ...new Uint8Array(8 * count)]);
  return pop.send('POST', '/v2/models/limited/infer', body, {
    'inference-header-content-length': String(header.length),
  });
}

const rawRows = (count: number) =>
  pop.send('POST', '/v2/models/limited/infer', new Uint8Array(8 * count), { 'inference-header-content-length': '0' });

test.each([
  ['JSON', rows],
  ['binary', binaryRows],
  ['a raw tensor', rawRows],
])('%s beyond an axis or the number of elements gets 413 with the numbers, within them an answer', async (_, send) => {
  const axis = await send(5);
  expect(axis.status).toBe(413);
  expect(axis.json()).toEqual({ error: "input 'x': axis 0 has 5, the limit is 4, got FP32 [5,2]" });
  const elements = await send(4);
  expect(elements.status).toBe(413);
  expect(elements.json()).toEqual({ error: "input 'x': it has 8 elements, the limit is 6, got FP32 [4,2]" });
  expect((await send(3)).status).toBe(200);
});

test('is told before the model is even loaded', async () => {
  const fresh = adder('never-loaded', '1', 10);
  const limits = [{ name: 'x', shape: [1, null], elements: 2 }];
  const bytes = fresh.blobs[0]?.bytes ?? new Uint8Array();
  await pop.release(publication('never-loaded', '1', bytes, fresh.manifest.signature, { limits }), false);
  const answer = await pop.send('POST', '/v2/models/never-loaded/versions/1/infer', {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] }],
  });
  expect(answer.status).toBe(413);
  expect(pop.logs.some(({ event, model }) => event === 'model-loaded' && model === 'never-loaded')).toBe(false);
});

test('the metadata tells the limits', async () => {
  const { properties } = (await pop.send('GET', '/v2/models/limited')).json<{ properties: Record<string, string> }>();
  expect(JSON.parse(properties.limits ?? '')).toEqual([{ name: 'x', shape: [4, null], elements: 6 }]);
});
