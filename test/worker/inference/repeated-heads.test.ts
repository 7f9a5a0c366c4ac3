// Requests whose bodies repeat the head of an earlier one: what they are told is theirs alone, and of the version that answers now.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeInferResponse } from '../../../worker/protocol/decode-response.ts';
import { encodeInferRequest, type InferRequestOptions } from '../../../worker/protocol/encode-request.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(adder('adder', '1', 10));
});
afterAll(() => pop.stop());

async function ask(values: number[], options: InferRequestOptions, headers: Record<string, string> = {}) {
  const data = new Uint8Array(Float32Array.from(values).buffer);
  const shape = [values.length / 2, 2];
  const sent = encodeInferRequest([{ name: 'x', datatype: 'FP32', shape, data }], options);
  const answer = await pop.send('POST', '/v2/models/adder/infer', sent.body, { ...sent.headers, ...headers });
  expect(answer.status).toBe(200);
  const headerLength = answer.headers.get('inference-header-content-length');
  const { outputs, id } = decodeInferResponse({ body: answer.bytes, headerLength });
  const [output] = outputs;
  if (!(output?.data instanceof Uint8Array)) throw new Error('expected numbers');
  return { answer, id, shape: output.shape, values: Array.from(new Float32Array(output.data.slice().buffer)) };
}

const pairs = Array.from({ length: 1200 }, (_, index) => index / 8);

test.each([
  ['binary both ways', [1, 2], { binary: true, binaryOutputs: true }],
  ['binary in, JSON out', [1, 2], { binary: true }],
  ['JSON both ways', pairs, {}],
  ['JSON in, binary out', pairs, { binaryOutputs: true }],
])('%s: each is answered by its own elements', async (_, values, options) => {
  for (let turn = 0; turn < 4; turn++) {
    const own = values.map((value) => value + turn);
    const { values: answered, shape } = await ask(own, options);
    expect(shape).toEqual([own.length / 2, 2]);
    expect(answered).toEqual(own.map((value) => value + 10));
  }
});

test('the id of an answer is that of its request', async () => {
  const ids = ['one', 'two', 'one', 'three', 'four', 'five', 'two'];
  for (const id of ids) expect((await ask([1, 2], { id, binary: true, binaryOutputs: true })).id).toBe(id);
});

test('a change of the shape is a change of the answer', async () => {
  const options = { binary: true, binaryOutputs: true };
  for (const rows of [1, 2, 1, 3, 2]) {
    const values = Array.from({ length: rows * 2 }, (_, index) => index);
    expect((await ask(values, options)).values).toEqual(values.map((value) => value + 10));
  }
});

test('a trace is told to the caller who brought it, and to no other', async () => {
  const options = { binary: true, binaryOutputs: true };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const traced = await ask([1, 2], options, { traceparent });
  expect(traced.answer.headers.get('traceparent')).toContain('0af7651916cd43dd8448eb211c80319c');
  const plain = await ask([1, 2], options);
  expect(plain.answer.headers.has('traceparent')).toBe(false);
});

test('a known head with a body that is too short is refused like any other', async () => {
  const data = new Uint8Array(8);
  const { body, headers } = encodeInferRequest([{ name: 'x', datatype: 'FP32', shape: [1, 2], data }], {
    binary: true,
  });
  if (typeof body === 'string') throw new Error('expected bytes');
  const send = (bytes: Uint8Array) => pop.send('POST', '/v2/models/adder/infer', bytes, headers);
  for (let turn = 0; turn < 2; turn++) expect((await send(body)).status).toBe(200);
  const short = await send(body.subarray(0, -1));
  expect(short.status).toBe(400);
  expect(short.json<{ error: string }>().error).toContain('binary_data_size is 8, but 7 bytes of the body are left');
});

test('after a switchover the new version answers, and says so', async () => {
  const options = { binary: true, binaryOutputs: true };
  const before = await ask([1, 2], options);
  await pop.release(adder('adder', '2', 20));
  const after = await ask([1, 2], options, { 'popserve-min-epoch': '2' });
  expect(before.values).toEqual([11, 12]);
  expect(after.values).toEqual([21, 22]);
  const told = (name: string) => [before, after].map(({ answer }) => answer.headers.get(name));
  expect(told('popserve-version')).toEqual(['1', '2']);
  expect(told('popserve-epoch')).toEqual(['1', '2']);
  expect(new Set(told('popserve-digest')).size).toBe(2);
});
