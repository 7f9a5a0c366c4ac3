// Caps on what one request may bring: each refused with a 4xx that names the limit, from the settings, and the next is answered.
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

const path = '/v2/models/adder/infer';
const good = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({
    MAX_BODY_MIB: '0.01',
    MAX_INFLATED_MIB: '0.02',
    MAX_ELEMENTS: '8',
    MAX_INPUTS: '2',
    MAX_JSON_DEPTH: '6',
    MAX_URL_BYTES: '300',
    MAX_HEADER_BYTES: '2000',
  });
  await pop.release(adder('adder', '1', 1));
});
afterAll(() => pop.stop());

afterEach(async () => {
  expect((await pop.send('POST', path, good)).status).toBe(200);
});

const spaces = (count: number) => `${JSON.stringify(good)}${' '.repeat(count)}`;
const input = good.inputs[0];

test.each([
  ['a body', () => pop.send('POST', path, spaces(11_000)), 413, '10485.76'],
  ['an inflated body', () => gzipped(spaces(30_000)), 413, '20971.52'],
  [
    'elements',
    () => pop.send('POST', path, { inputs: [{ ...input, shape: [5, 2], data: Array(10).fill(0) }] }),
    413,
    '8',
  ],
  [
    'inputs',
    () => pop.send('POST', path, { inputs: [input, { ...input, name: 'y' }, { ...input, name: 'z' }] }),
    413,
    '2',
  ],
  ['JSON depth', () => pop.send('POST', path, { inputs: [{ ...input, data: [[[[1, 2]]]] }] }), 400, '6'],
  ['a URL', () => pop.send('POST', `${path}?${'a'.repeat(300)}`, good), 414, '300'],
  ['headers', () => pop.send('POST', path, good, { 'x-more': 'h'.repeat(2000) }), 431, '2000'],
])('%s beyond the limit', async (_, send, status, limit) => {
  const answer = await send();
  const { error } = answer.json<{ error: string }>();
  expect(error).toContain(limit);
  expect(answer.status, error).toBe(status);
});

test.each([
  ['POST', '/v2/repository/index'],
  ['POST', '/v2/repository/models/adder/load'],
  ['PUT', '/registry/models/adder/versions/2'],
  ['POST', '/registry/keys'],
])('JSON nested without end is refused by %s %s', async (method, at) => {
  const deep = `{"ready":true,"x":${'['.repeat(1000)}${']'.repeat(1000)}}`;
  const answer = await pop.send(method, at, deep, { authorization: `Bearer ${pop.pop.token}` });
  const { error } = answer.json<{ error: string }>();
  expect([answer.status, error]).toEqual([400, 'the JSON is nested deeper than 64 levels']);
});

test('within them all is answered, compressed too', async () => {
  expect((await gzipped(spaces(15_000))).status).toBe(200);
});

function gzipped(text: string) {
  return pop.send('POST', path, new Uint8Array(gzipSync(text)), { 'content-encoding': 'gzip' });
}
