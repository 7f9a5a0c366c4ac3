// The second engine through the real Worker: which runs it gets, and that its failures cost no request. Its own Worker is a stand-in,
// whose answers are told from onnxruntime's by their numbers.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ShadowReport } from '../../../registry/api/shadow.ts';
import type { Statistics } from '../../../registry/api/statistics.ts';
import { eventually } from '../../harness/eventually.ts';
import { LitertPop, withLitert } from '../../harness/litert.ts';
import { type Answer, TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let litert: LitertPop;
let pop: TestPop;
beforeAll(async () => {
  litert = await LitertPop.start({ TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0' });
  pop = litert.pop;
});
afterAll(() => litert.stop());
beforeEach(async () => {
  await litert.set({ kind: 'answer', plus: 100 });
  await litert.calls();
});

/** A version whose answers add `constant` in onnxruntime, and 100 in the stand-in. */
function forLitert(name: string, version: string, constant = 10) {
  return withLitert(adder(name, version, constant), [1, 2]);
}

function ask(
  name: string,
  rows: readonly (readonly [number, number])[] = [[1, 2]],
  headers: Record<string, string> = {},
) {
  const input = { name: 'x', datatype: 'FP32', shape: [rows.length, 2], data: rows.flat() };
  return pop.send('POST', `/v2/models/${name}/infer`, { inputs: [input] }, headers);
}

function numbersOf(answer: Answer): number[] {
  expect(answer.status).toBe(200);
  return answer.json<{ outputs: { data: number[] }[] }>().outputs[0]?.data ?? [];
}

async function statisticsOf(name: string): Promise<object> {
  const told = await pop.operate('GET', `/v2/models/${name}/versions/1/stats`);
  return told.json<Statistics>().model_stats[0]?.popserve_litert ?? {};
}

test('a version that was converted is answered by it, in the shapes that it was converted for', async () => {
  await pop.release(forLitert('plain', '1'));
  const answer = await ask('plain');
  expect(numbersOf(answer)).toEqual([101, 102]);
  expect(answer.headers.get('popserve-engine')).toBe('litert');
  expect(answer.headers.get('popserve-version')).toBe('1');
  const batch = await ask('plain', [
    [1, 2],
    [3, 4],
  ]);
  expect(numbersOf(batch)).toEqual([11, 12, 13, 14]);
  expect(batch.headers.get('popserve-engine')).toBeNull();
  expect(await litert.calls()).toContain('run plain/1');
  expect(await statisticsOf('plain')).toEqual({ runs: 1, failures: 0 });
});

test('binary tensors and rows of TensorFlow Serving’s form go there as well', async () => {
  await pop.release(forLitert('forms', '1'));
  const body = new Uint8Array(new Float32Array([1, 2]).buffer);
  const binary = await pop.send('POST', '/v2/models/forms/infer', body, { 'inference-header-content-length': '0' });
  expect(binary.headers.get('popserve-engine')).toBe('litert');
  expect([...new Float32Array(binary.bytes.slice(-8).buffer)]).toEqual([101, 102]);
  const rows = await pop.send('POST', '/v1/models/forms:predict', { instances: [[3, 4]] });
  expect(rows.headers.get('popserve-engine')).toBe('litert');
  expect(rows.json()).toEqual({ predictions: [[103, 104]] });
});

test('it is warmed before a version takes over, and onnxruntime is not loaded then', async () => {
  await pop.release(adder('switch', '1', 10));
  expect(numbersOf(await ask('switch'))).toEqual([11, 12]);
  await pop.release(forLitert('switch', '2', 20), false);
  await pop.takeOver('switch', { action: 'activate', version: '2' });
  expect(await litert.calls()).toEqual(['warm switch/2']);
  const answer = await ask('switch');
  expect(answer.headers.get('popserve-engine')).toBe('litert');
  expect(numbersOf(answer)).toEqual([101, 102]);
  expect(
    pop.logs.filter(({ event, model, version }) => `${event} ${model} ${version}` === 'model-loaded switch 2'),
  ).toEqual([]);
  const metadata = await pop.send('GET', '/v2/models/switch/versions/2');
  expect(metadata.json()).toMatchObject({ properties: { state: 'READY', engine: 'litert', litert: '2.5.3' } });
  await pop.takeOver('switch', { action: 'rollback' });
  const back = await ask('switch');
  expect(numbersOf(back)).toEqual([11, 12]);
  expect(back.headers.get('popserve-engine')).toBeNull();
});

test('onnxruntime is warmed where it cannot load the version', async () => {
  await pop.release(adder('cold', '1', 10));
  await ask('cold');
  await litert.set({ kind: 'refuse', status: 503, code: 'UNAVAILABLE', error: 'no room' });
  await pop.release(forLitert('cold', '2', 20), false);
  await pop.takeOver('cold', { action: 'activate', version: '2' });
  expect(pop.logs).toContainEqual(expect.objectContaining({ event: 'model-loaded', model: 'cold', version: '2' }));
  expect(numbersOf(await ask('cold'))).toEqual([21, 22]);
  expect(await litert.calls()).toEqual(['warm cold/2']);
});

test.each([
  ['throws', { kind: 'throw' }, /throws/, 1000],
  ['has no room', { kind: 'refuse', status: 503, code: 'UNAVAILABLE', error: 'no room' }, /503.*no room/, 1000],
  [
    'refuses the version',
    { kind: 'refuse', status: 404, code: 'NOT_FOUND', error: 'no model' },
    /404.*no model/,
    60_000,
  ],
  ['answers half a frame', { kind: 'cut-short' }, /a frame of 2 bytes/, 1000],
  ['answers another shape', { kind: 'another-shape', plus: 1 }, /'y' as float32 \[2\]/, 1000],
] as const)(
  'where it %s, onnxruntime answers and it is left alone for a while',
  async (what, mode, reason, pauseMs) => {
    const name = what.replaceAll(' ', '-');
    await pop.release(forLitert(name, '1'));
    expect(numbersOf(await ask(name))).toEqual([101, 102]);
    await litert.set(mode);
    await litert.calls();
    const answer = await ask(name);
    expect(numbersOf(answer)).toEqual([11, 12]);
    expect(answer.headers.get('popserve-engine')).toBeNull();
    expect(numbersOf(await ask(name))).toEqual([11, 12]);
    expect(await litert.calls()).toEqual([`run ${name}/1`]);
    expect(pop.logs).toContainEqual(
      expect.objectContaining({
        ...{ event: 'litert-failed', model: name, version: '1', attempts: 1, pauseMs },
        reason: expect.stringMatching(reason),
      }),
    );
    expect(await statisticsOf(name)).toEqual({ runs: 1, failures: 1 });
  },
);

test('an operator who allows a version again has it asked at once', async () => {
  await pop.release(forLitert('again', '1'));
  await litert.set({ kind: 'throw' });
  expect(numbersOf(await ask('again'))).toEqual([11, 12]);
  await litert.set({ kind: 'answer', plus: 100 });
  expect(numbersOf(await ask('again'))).toEqual([11, 12]);
  await pop.operate('POST', '/registry/models/again/versions/1/retry');
  expect(numbersOf(await ask('again'))).toEqual([101, 102]);
});

test('a refusal of the answer is the caller’s to hear, and no failure of the engine', async () => {
  await pop.release(forLitert('mistaken', '1'));
  const input = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
  const outputs = [{ name: 'z' }];
  const answer = await pop.send('POST', '/v2/models/mistaken/infer', { inputs: [input], outputs });
  expect(answer.status).toBe(400);
  expect(numbersOf(await ask('mistaken'))).toEqual([101, 102]);
});

test('a canary and a shadow go there too', async () => {
  await pop.release(adder('canary', '1', 10));
  await pop.release(forLitert('canary', '2', 20), false);
  await pop.takeOver('canary', { action: 'canary', version: '2', percent: 100 });
  const answer = await ask('canary');
  expect(answer.headers.get('popserve-engine')).toBe('litert');
  expect(answer.headers.get('popserve-version')).toBe('2');
  await pop.takeOver('canary', { action: 'abort' });
  const epoch = await pop.takeOver('canary', { action: 'shadow', version: '2', percent: 100 });
  await eventually(async () => {
    const stable = await ask('canary', [[1, 2]], { 'popserve-min-epoch': String(epoch) });
    expect(stable.headers.get('popserve-engine')).toBeNull();
    expect(numbersOf(stable)).toEqual([11, 12]);
    const { pairs } = (await pop.operate('GET', '/registry/models/canary/shadow')).json<{ pairs: ShadowReport[] }>();
    expect(pairs[0]).toMatchObject({ candidate: '2', meanDifference: 90, errors: 0 });
  });
  expect(await litert.calls()).toContain('run canary/2');
});

test('without a binding onnxruntime runs everything', async () => {
  const bare = await TestPop.start();
  try {
    await bare.release(forLitert('bare', '1'));
    const input = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
    const answer = await bare.send('POST', '/v2/models/bare/infer', { inputs: [input] });
    expect(numbersOf(answer)).toEqual([11, 12]);
    expect(answer.headers.get('popserve-engine')).toBeNull();
  } finally {
    await bare.stop();
  }
});
