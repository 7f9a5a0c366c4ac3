// The client against the real Worker: every datatype there and back, what an answer says of itself, errors, retries, timeouts.
import * as ort from 'onnxruntime-web';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type InputTensor, PopserveClient, PopserveError } from '../../client/index.ts';
import { model, node, tensorValue } from '../../scripts/onnx/build.ts';
import { TensorProto_DataType } from '../../scripts/onnx/onnx_pb.ts';
import { TestPop } from '../harness/pop.ts';
import { adder, publication } from '../harness/small-models.ts';
import { type Echoed, echo } from './echo-model.ts';
import { Weather } from './weather.ts';

let pop: TestPop;
let weather: Weather;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(echo('1'));
  await pop.release(teller());
  await pop.release(adder('adder', '1', 10));
  await pop.release(adder('adder', '2', 20), false);
  await pop.takeOver('adder', { action: 'alias', name: 'next', version: '2' });
  weather = await Weather.over(pop.pop.url);
});
afterEach(() => weather.clear());
afterAll(async () => {
  await weather.stop();
  await pop.stop();
});

const x = { data: new Float32Array([1, 2]), shape: [1, 2] };

interface Adder {
  inputs: { x: 'FP32' };
  outputs: { y: 'FP32' };
}

const failure = (promise: Promise<unknown>): Promise<PopserveError> =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (error) => error,
  );

/** Tells as text what whole number it was given. */
function teller() {
  const { INT64, STRING } = TensorProto_DataType;
  const built = model({
    name: 'teller',
    opsets: { '': 17 },
    inputs: [tensorValue('number', INT64, ['n']), tensorValue('text', STRING, ['n'])],
    outputs: [tensorValue('seen', STRING, ['n']), tensorValue('said', STRING, ['n'])],
    nodes: [node('Cast', ['number'], ['seen'], { to: { int: STRING } }), node('Identity', ['text'], ['said'])],
  });
  const column = (name: string, datatype: 'INT64' | 'BYTES') => ({ name, datatype, shape: [-1] });
  return publication('teller', '1', built, {
    inputs: [column('number', 'INT64'), column('text', 'BYTES')],
    outputs: [column('seen', 'BYTES'), column('said', 'BYTES')],
  });
}

const samples = {
  BOOL: { data: [true, false, true] },
  UINT8: { data: new Uint8Array([0, 255]) },
  UINT16: { data: new Uint16Array([0, 65_535]) },
  UINT32: { data: new Uint32Array([0, 4_294_967_295]) },
  UINT64: { data: new BigUint64Array([0n, 2n ** 64n - 1n]) },
  INT8: { data: new Int8Array([-128, 127]) },
  INT16: { data: new Int16Array([-32_768, 32_767]) },
  INT32: { data: new Int32Array([-2_147_483_648, 2_147_483_647]) },
  INT64: { data: new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]) },
  FP16: { data: new Float16Array([-0, 65_504, Number.NaN, Number.NEGATIVE_INFINITY]) },
  FP32: { data: new Float32Array([0.1, Number.NaN, Number.POSITIVE_INFINITY]) },
  FP64: { data: new Float64Array([0.1, -1e308]) },
  BYTES: { data: ['', 'Größe', '火'] },
} satisfies Record<Echoed, InputTensor>;

describe('tensors', () => {
  test.each(['pop', 'local'] as const)('of every datatype come back as they went, run at: %s', async (at) => {
    const client = new PopserveClient(pop.pop.url, { local: { ort } });
    const answer = await client.infer('echo', samples, { at });
    expect(answer.ranAt).toBe(at);
    for (const [datatype, { data }] of Object.entries(samples)) {
      const output = answer.outputs[`${datatype}_out`];
      expect(output, datatype).toMatchObject({ name: `${datatype}_out`, datatype, shape: [data.length] });
      expect(output?.data, datatype).toEqual(data);
    }
  });

  test('plain arrays take the datatype that is asked for, or the one that they look like', async () => {
    const client = new PopserveClient(pop.pop.url);
    const plain = {
      BOOL: { data: [true] },
      UINT8: { data: [7], datatype: 'UINT8' },
      UINT16: { data: new Float64Array([9]), datatype: 'UINT16' },
      UINT32: { data: [], datatype: 'UINT32' },
      UINT64: { data: [2n ** 60n, 5], datatype: 'UINT64' },
      INT8: { data: [-1], datatype: 'INT8' },
      INT16: { data: [-1], datatype: 'INT16' },
      INT32: { data: [-1], datatype: 'INT32' },
      INT64: { data: [-1n] },
      FP16: { data: new Uint16Array([0x3c00]), datatype: 'FP16' },
      FP32: { data: [0.5] },
      FP64: { data: [0.1], datatype: 'FP64' },
      BYTES: { data: [new Uint8Array([0xff, 0xfe]), 'a'] },
    } as const;
    const { outputs } = await client.infer('echo', plain);
    expect(outputs.UINT16_out?.data).toEqual(new Uint16Array([9]));
    expect(outputs.UINT32_out).toMatchObject({ shape: [0], data: new Uint32Array() });
    expect(outputs.UINT64_out?.data).toEqual(new BigUint64Array([2n ** 60n, 5n]));
    expect(outputs.FP16_out?.data).toEqual(new Float16Array([1]));
    expect(outputs.FP64_out?.data).toEqual(new Float64Array([0.1]));
    const text = outputs.BYTES_out;
    expect(text?.datatype === 'BYTES' && text.bytes[0]).toEqual(new Uint8Array([0xff, 0xfe]));
  });

  test('a view into a larger buffer sends its own elements only', async () => {
    const client = new PopserveClient(pop.pop.url);
    const larger = new Float32Array([9, 9, 1, 2, 9]);
    const { outputs } = await client.infer<Adder>('adder', { x: { data: larger.subarray(2, 4), shape: [1, 2] } });
    expect(outputs.y.data).toEqual(new Float32Array([11, 12]));
  });

  test.each([
    [{ data: [0.5], datatype: 'INT64' as const }, /input 'x': .*0\.5/],
    [{ data: [1], datatype: 'BF16' as const }, /input 'x': BF16 is given as its bits/],
    [{ data: [1], datatype: 'FP8' as never }, /input 'x': unknown datatype FP8/],
    [{ data: null as never }, /input 'x': .*null/],
    [null as never, /input 'x': .*null/],
  ])('%o is refused before it is sent', async (tensor, message) => {
    const client = new PopserveClient(weather.url);
    const error = await failure(client.infer('adder', { x: tensor }));
    expect(error).toMatchObject({ name: 'PopserveError', code: 'INVALID_ARGUMENT' });
    expect(error.message).toMatch(message);
    expect(weather.arrived).toEqual([]);
  });
});

describe('what answers', () => {
  const digestOf = (version: '1' | '2') =>
    adder('adder', version, Number(version) * 10).manifest.artifacts.model.digest;

  test('an answer names what it was made of', async () => {
    const client = new PopserveClient(pop.pop.url);
    const { outputs, ...said } = await client.infer<Adder>('adder', { x }, { id: 'a' });
    expect(said).toEqual({
      model: 'adder',
      version: '1',
      epoch: 2,
      digest: digestOf('1'),
      ranAt: 'pop',
      pop: 'local',
      id: 'a',
    });
    expect(outputs.y.data).toEqual(new Float32Array([11, 12]));
  });

  test.each(['2', 'next'])('pinned to %s version 2 answers', async (version) => {
    const client = new PopserveClient(pop.pop.url);
    const answer = await client.infer<Adder>('adder', { x }, { version });
    expect(answer).toMatchObject({ version: '2', digest: digestOf('2') });
    expect(answer.outputs.y.data).toEqual(new Float32Array([21, 22]));
  });

  test('only the outputs that are asked for', async () => {
    const client = new PopserveClient(pop.pop.url, { local: { ort } });
    for (const at of ['pop', 'local'] as const) {
      const { outputs } = await client.infer('echo', samples, { outputs: ['INT8_out'], at });
      expect(Object.keys(outputs)).toEqual(['INT8_out']);
    }
  });

  test('metadata of a model and of a version', async () => {
    const client = new PopserveClient(pop.pop.url);
    const metadata = await client.metadata('adder');
    expect(metadata.inputs).toEqual([{ name: 'x', datatype: 'FP32', shape: [-1, 2] }]);
    expect(metadata.versions?.toSorted()).toEqual(['1', '2']);
    expect((await client.metadata('adder', { version: 'next' })).properties.version).toBe('2');
  });

  test('keys and the epoch travel as headers', async () => {
    const client = new PopserveClient(`${weather.url}/`, { apiKey: 'secret', deviceKey: 'pump-7' });
    await client.infer('adder', { x }, { minEpoch: 2 });
    expect(weather.arrived).toHaveLength(1);
    expect(weather.arrived[0]?.call).toBe('POST /v2/models/adder/infer');
    expect(weather.arrived[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'popserve-key': 'pump-7',
      'popserve-min-epoch': '2',
      'content-type': 'application/octet-stream',
    });
  });
});

describe('records', () => {
  test('give one prediction each', async () => {
    const client = new PopserveClient(pop.pop.url, { deviceKey: 'pump-7' });
    const answer = await client.predict<{ y: number[] }>('adder', [{ x: [1, 2] }, { x: [3, 4] }], { version: 'next' });
    expect(answer.predictions).toEqual([{ y: [21, 22] }, { y: [23, 24] }]);
    expect(answer).toMatchObject({ model: 'adder', version: '2', epoch: 2, ranAt: 'pop', pop: 'local' });
  });

  test('bigint are exact integers, and text that looks like one stays text', async () => {
    const client = new PopserveClient(pop.pop.url);
    const { predictions } = await client.predict<{ seen: string; said: string }>('teller', [
      { number: 2n ** 63n - 1n, text: '7n' },
      { number: -(2n ** 63n), text: '"-7"' },
      { number: 7, text: '7' },
    ]);
    expect(predictions).toEqual([
      { seen: '9223372036854775807', said: '7n' },
      { seen: '-9223372036854775808', said: '"-7"' },
      { seen: '7', said: '7' },
    ]);
  });

  test('what has no JSON is refused before it is sent', async () => {
    const round: Record<string, unknown> = {};
    round.x = round;
    const error = await failure(new PopserveClient(weather.url).predict('adder', [round]));
    expect(error).toMatchObject({ name: 'PopserveError', code: 'INVALID_ARGUMENT' });
    expect(error.message).toMatch(/circular/);
    expect(weather.arrived).toEqual([]);
  });

  test('a record without a feature is refused by name', async () => {
    const error = await failure(new PopserveClient(pop.pop.url).predict('adder', [{ z: 1 }]));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', status: 400 });
    expect(error.message).toMatch(/^instances\[0\]: feature 'x' is missing/);
  });
});

describe('errors', () => {
  test.each([
    ['adder', { x: { data: [1, 2, 3], shape: [1, 3] } }, 'INVALID_ARGUMENT', 400, /input 'x': expected FP32 \[-1,2\]/],
    ['nobody', { x }, 'NOT_FOUND', 404, /Request for unknown model: 'nobody' is not found/],
    ['adder/../x', { x }, 'NOT_FOUND', 404, /Request for unknown model: 'adder/],
  ])('%s %o', async (model, inputs, code, status, message) => {
    const error = await failure(new PopserveClient(pop.pop.url).infer(model, inputs));
    expect(error).toBeInstanceOf(PopserveError);
    expect(error).toMatchObject({ code, status });
    expect(error.message).toMatch(message);
  });

  test('an epoch that was never released is UNAVAILABLE, and the wait that it names is kept', async () => {
    const error = await failure(new PopserveClient(pop.pop.url, { retries: 0 }).infer('adder', { x }, { minEpoch: 9 }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', status: 503, retryAfterMs: 1000 });
  });

  test('an answer that is none', async () => {
    weather.ahead.push({ status: 200, body: '<html>' }, { status: 418, body: 'short and stout' });
    const client = new PopserveClient(weather.url);
    expect(await failure(client.infer('adder', { x }))).toMatchObject({ code: 'BAD_ANSWER' });
    expect(await failure(client.infer('adder', { x }))).toMatchObject({ status: 418, message: 'HTTP status 418' });
    weather.ahead.push({ status: 200, body: '<html>' });
    expect(await failure(client.metadata('adder'))).toMatchObject({ code: 'BAD_ANSWER' });
  });

  test('no connection', async () => {
    const gone = await Weather.over(pop.pop.url);
    const { url } = gone;
    await gone.stop();
    const error = await failure(new PopserveClient(url, { retries: 0 }).infer('adder', { x }));
    expect(error).toMatchObject({
      code: 'UNREACHABLE',
      status: 0,
      message: `cannot reach ${url}/v2/models/adder/infer`,
    });
  });
});

describe('attempts', () => {
  test.each([
    ['reset' as const],
    [{ status: 429 }],
    [{ status: 502, body: 'bad gateway' }],
    [{ status: 503 }],
    [{ status: 504, body: '' }],
  ])('another one follows %o', async (storm) => {
    weather.ahead.push(storm);
    const { outputs } = await new PopserveClient(weather.url).infer<Adder>('adder', { x });
    expect(outputs.y.data).toEqual(new Float32Array([11, 12]));
    expect(weather.arrived).toHaveLength(2);
  });

  test('none follows what another one cannot mend', async () => {
    for (const status of [400, 401, 403, 404, 413, 500]) {
      weather.clear();
      weather.ahead.push({ status });
      expect(await failure(new PopserveClient(weather.url).infer('adder', { x }))).toMatchObject({ status });
      expect(weather.arrived).toHaveLength(1);
    }
  });

  test('they end', async () => {
    weather.ahead.push({ status: 503 }, { status: 503 }, { status: 503 });
    const error = await failure(new PopserveClient(weather.url, { retries: 1 }).infer('adder', { x }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'too much to do' });
    expect(weather.arrived).toHaveLength(2);
  });

  test.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000).toUTCString()],
  ])('Retry-After in %s is waited for', async (_, value) => {
    weather.ahead.push({ status: 429, headers: { 'retry-after': value() } });
    const began = performance.now();
    await new PopserveClient(weather.url).infer('adder', { x });
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    expect(weather.arrived).toHaveLength(2);
  });

  test('a longer wait than the caller takes is an error at once', async () => {
    weather.ahead.push({ status: 503, headers: { 'retry-after': '3600' } });
    const error = await failure(new PopserveClient(weather.url).infer('adder', { x }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 3_600_000 });
    expect(weather.arrived).toHaveLength(1);
  });

  test('silence ends by the timeout, and the next attempt is answered', async () => {
    weather.ahead.push('silence');
    const error = await failure(new PopserveClient(weather.url, { retries: 0, timeoutMs: 50 }).infer('adder', { x }));
    expect(error).toMatchObject({ code: 'TIMEOUT', message: 'no answer within 50 ms' });
    weather.ahead.push('silence');
    const answer = await new PopserveClient(weather.url, { timeoutMs: 500, retries: 9 }).infer('adder', { x });
    expect(answer.version).toBe('1');
  });

  test('a timeout of part of a millisecond is a timeout, and one that is none is refused', async () => {
    const silent: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const client = new PopserveClient(weather.url, { retries: 0, fetch: silent });
    expect(await failure(client.infer('adder', { x }, { timeoutMs: 0.01 }))).toMatchObject({ code: 'TIMEOUT' });
    for (const timeoutMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const error = await failure(client.metadata('adder', { timeoutMs }));
      expect(error).toMatchObject({ name: 'PopserveError', code: 'INVALID_ARGUMENT' });
    }
  });

  test.each([
    ['a request', 'silence' as const],
    ['a wait', { status: 503, headers: { 'retry-after': '4' } }],
  ])('the caller ends %s by a signal', async (_, storm) => {
    weather.ahead.push(storm);
    const controller = new AbortController();
    const call = failure(new PopserveClient(weather.url).infer('adder', { x }, { signal: controller.signal }));
    await expect.poll(() => weather.arrived.length).toBe(1);
    const reason = new Error('the page was closed');
    controller.abort(reason);
    expect(await call).toBe(reason);
    expect(await failure(new PopserveClient(weather.url).infer('adder', { x }, { signal: controller.signal }))).toBe(
      reason,
    );
    expect(weather.arrived).toHaveLength(1);
  });
});
