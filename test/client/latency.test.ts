// What the client tells of its last call: once, with the next call to the same address, and nothing if it is told not to.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PopserveClient } from '../../client/index.ts';
import { readLastCall } from '../../worker/telemetry/latency/last-call.ts';
import { TestPop } from '../harness/pop.ts';
import { adder } from '../harness/small-models.ts';
import { Weather } from './weather.ts';

let pop: TestPop;
let weather: Weather;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(adder('adder', '1', 10));
  weather = await Weather.over(pop.pop.url);
});
afterEach(() => weather.clear());
afterAll(async () => {
  await weather.stop();
  await pop.stop();
});

const x = { data: new Float32Array([1, 2]), shape: [1, 2] };
const told = () => weather.arrived.map(({ headers }) => headers['popserve-last-call']);
const read = (header: unknown) => readLastCall(String(header));

test('each call tells of the one before it, and of nothing else', async () => {
  const client = new PopserveClient(weather.url);
  const startedAt = performance.now();
  await client.infer('adder', { x });
  const lastedMs = performance.now() - startedAt;
  await client.metadata('adder');
  await client.infer('adder', { x }, { version: '1' });
  await client.infer('adder', { x });
  const [first, metadata, named, last] = told();
  expect([first, metadata, named]).toEqual([undefined, undefined, undefined]);
  expect(last).toMatch(/^ms=\d+\.\d, status=200, bytes=\d+, version="1", pop="local"$/);
  expect(read(last)?.ms).toBeGreaterThan(0);
  expect(read(last)?.ms).toBeLessThanOrEqual(lastedMs + 0.1);
});

test('a refusal and a timeout are told by the attempt after them, a connection that was none is not', async () => {
  weather.ahead.push({ status: 503, headers: { 'retry-after': '0' } }, 'silence', 'reset');
  await new PopserveClient(weather.url, { timeoutMs: 500, retries: 9 }).infer('adder', { x });
  const [first, second, third, fourth] = told();
  expect(first).toBeUndefined();
  expect(read(second)).toMatchObject({ outcome: 'failed', version: null });
  expect(read(third)).toMatchObject({ outcome: 'timeout', version: null });
  expect(read(third)?.ms).toBeGreaterThan(400);
  // The one before it ended without a word: there is nothing to tell, nor is anything told twice.
  expect(fourth).toBeUndefined();
});

test('tells nothing with tellLatency: false', async () => {
  const client = new PopserveClient(weather.url, { tellLatency: false });
  for (let call = 0; call < 3; call++) await client.infer('adder', { x });
  expect(told()).toEqual([undefined, undefined, undefined]);
});
