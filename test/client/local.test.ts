// The local fallback: when it runs, which version it runs, what it refuses. Cache Storage itself is tested in Chromium.
import * as native from 'onnxruntime-node';
import * as ort from 'onnxruntime-web';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PopserveClient, type PopserveError } from '../../client/index.ts';
import { TestPop } from '../harness/pop.ts';
import { adder } from '../harness/small-models.ts';
import { Weather } from './weather.ts';

let pop: TestPop;
let weather: Weather;
beforeAll(async () => {
  pop = await TestPop.start({ ROUTE_REFRESH_SECONDS: '0' });
  for (const version of ['1', '2']) await pop.release(adder('adder', version, Number(version) * 10), version === '1');
  weather = await Weather.over(pop.pop.url);
});
afterAll(async () => {
  await weather.stop();
  await pop.stop();
});

let client: PopserveClient;
beforeEach(() => {
  client = new PopserveClient(weather.url, { local: { ort }, retries: 1 });
});
afterEach(() => weather.clear());

interface Adder {
  inputs: { x: 'FP32' };
  outputs: { y: 'FP32' };
}

const x = { data: new Float32Array([1, 2]), shape: [1, 2] };
const digestOf = (version: string) => adder('adder', version, Number(version) * 10).manifest.artifacts.model.digest;
const busy = { status: 503 };
const failure = (promise: Promise<unknown>): Promise<PopserveError> =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (error) => error,
  );
const downloads = () => weather.arrived.filter(({ call }) => call.includes('/artifact'));

describe('when', () => {
  test.each([['reset' as const], [busy], [{ status: 429, headers: { 'retry-after': '60' } }]])(
    'after %o the version that answered last runs here, and says so',
    async (storm) => {
      const before = await client.infer<Adder>('adder', { x });
      expect(before.ranAt).toBe('pop');
      weather.ahead.push(storm);
      const { outputs, ...said } = await client.infer<Adder>('adder', { x }, { id: 'b', retries: 0 });
      expect(said).toEqual({
        model: 'adder',
        version: '1',
        epoch: before.epoch,
        digest: digestOf('1'),
        ranAt: 'local',
        pop: null,
        id: 'b',
      });
      expect(outputs).toEqual(before.outputs);
      expect((await client.infer('adder', { x })).ranAt).toBe('pop');
    },
  );

  test('after silence', async () => {
    await client.prepare('adder');
    weather.ahead.push('silence');
    expect((await client.infer('adder', { x }, { timeoutMs: 50 })).ranAt).toBe('local');
  });

  test('what is ready here does not wait for a PoP that is away, and needs no second download', async () => {
    const prepared = await client.prepare('adder');
    expect(prepared).toMatchObject({ version: '1', digest: digestOf('1') });
    for (let call = 0; call < 3; call++) {
      weather.ahead.push(busy);
      expect((await client.infer('adder', { x })).ranAt).toBe('local');
    }
    expect(downloads()).toHaveLength(1);
    expect(weather.arrived.filter(({ call }) => call.endsWith('/infer'))).toHaveLength(3);
  });

  test('by choice, without asking for inference', async () => {
    const answer = await client.infer<Adder>('adder', { x }, { at: 'local' });
    expect(answer).toMatchObject({
      ranAt: 'local',
      version: '1',
      outputs: { y: { data: new Float32Array([11, 12]) } },
    });
    expect(weather.arrived.map(({ call }) => call)).toEqual([
      'GET /v2/models/adder',
      `GET /v2/models/adder/versions/1/artifact?digest=${digestOf('1')}`,
    ]);
  });

  test('a limit that holds for the download too is waited for once, where the caller takes that wait', async () => {
    await client.infer('adder', { x });
    const limited = { status: 429, headers: { 'retry-after': '1' } };
    weather.ahead.push(limited, limited);
    expect((await client.infer('adder', { x }, { retries: 0 })).ranAt).toBe('local');
    expect(downloads()).toHaveLength(2);
  });

  test('never for a caller that has gone, and loaded all the same for those that have not', async () => {
    await client.prepare('adder');
    const reason = new Error('the page was closed');
    const signal = AbortSignal.abort(reason);
    for (const at of ['local', 'auto'] as const) {
      expect(await failure(client.infer('adder', { x }, { at, signal }))).toBe(reason);
    }
    await client.infer('adder', { x }, { version: '2' });
    weather.ahead.push('silence');
    const controller = new AbortController();
    const gone = failure(client.infer('adder', { x }, { version: '2', at: 'local', signal: controller.signal }));
    const stays = client.infer('adder', { x }, { version: '2', at: 'local' });
    const leaves = new AbortController();
    const joined = failure(client.infer('adder', { x }, { version: '2', at: 'local', signal: leaves.signal }));
    await expect.poll(() => downloads().length).toBe(2);
    leaves.abort(reason);
    expect(await joined).toBe(reason);
    controller.abort(reason);
    expect(await gone).toBe(reason);
    expect((await stays).ranAt).toBe('local');
  });

  test('never where the caller wants the PoP', async () => {
    await client.prepare('adder');
    weather.ahead.push(busy, busy);
    expect(await failure(client.infer('adder', { x }, { at: 'pop' }))).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('never after an error that another place does not mend', async () => {
    await client.prepare('adder');
    for (const status of [400, 401, 403, 404, 500]) {
      weather.ahead.push({ status });
      expect(await failure(client.infer('adder', { x }))).toMatchObject({ status });
    }
  });

  test('with onnxruntime-node just as well', async () => {
    const device = new PopserveClient(weather.url, { local: { ort: native } });
    const answer = await device.infer<Adder>('adder', { x }, { at: 'local' });
    expect(answer.outputs.y.data).toEqual(new Float32Array([11, 12]));
  });

  test('many at once load the model once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => client.infer('adder', { x }, { at: 'local' })));
    expect(answers.map(({ ranAt }) => ranAt)).toEqual(['local', 'local', 'local', 'local']);
    expect(downloads()).toHaveLength(1);
  });
});

describe('which version', () => {
  test('the pinned one', async () => {
    const answer = await client.infer<Adder>('adder', { x }, { version: '2', at: 'local' });
    expect(answer.version).toBe('2');
    expect(answer.outputs.y.data).toEqual(new Float32Array([21, 22]));
    // An answer of the default teaches the version that it came from.
    await client.infer('adder', { x });
    weather.ahead.push(busy);
    expect((await client.infer('adder', { x }, { version: '1', retries: 0 })).ranAt).toBe('local');
  });

  test('the newest that was seen, and none that is older than asked for', async () => {
    const { epoch } = await client.prepare('adder');
    await pop.release(adder('adder', '3', 30));
    try {
      const answer = await client.infer<Adder>('adder', { x }, { minEpoch: epoch + 1 });
      expect(answer).toMatchObject({ version: '3', epoch: epoch + 1, ranAt: 'pop' });
      weather.ahead.push(busy);
      const local = await client.infer<Adder>('adder', { x }, { retries: 0 });
      expect(local).toMatchObject({ version: '3', epoch: epoch + 1, ranAt: 'local' });
      expect(local.outputs.y.data).toEqual(new Float32Array([31, 32]));
      weather.ahead.push(busy, busy);
      const refused = await failure(client.infer('adder', { x }, { minEpoch: epoch + 2, retries: 0 }));
      expect(refused).toMatchObject({ code: 'UNAVAILABLE', cause: { code: 'UNAVAILABLE' } });
    } finally {
      await pop.route('adder', { action: 'rollback' });
    }
  });

  test('a page that stays open keeps few sessions, and loads an old version again', async () => {
    for (const version of ['4', '5', '6']) await pop.release(adder('adder', version, Number(version) * 10), false);
    for (const version of ['1', '2', '4', '5', '6', '1']) {
      const { outputs } = await client.infer<Adder>('adder', { x }, { version, at: 'local' });
      expect(outputs.y.data[0]).toBe(1 + Number(version) * 10);
    }
    // Three artifacts are kept, so version 1 was fetched twice.
    expect(downloads()).toHaveLength(6);
  });
});

describe('what is refused', () => {
  test('bytes that do not have the digest are never loaded; the next call tries again', async () => {
    await client.infer('adder', { x });
    weather.ahead.push(busy);
    weather.spoil = (body) => Buffer.concat([body.subarray(0, -1), Buffer.from([0x7f])]);
    const error = await failure(client.infer('adder', { x }, { retries: 0 }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', status: 503, cause: { code: 'DIGEST_MISMATCH' } });
    expect((error.cause as Error).message).toMatch(
      /^expected the artifact sha256:[0-9a-f]{64}, got sha256:[0-9a-f]{64}$/,
    );
    weather.spoil = null;
    weather.ahead.push(busy);
    expect((await client.infer('adder', { x }, { retries: 0 })).ranAt).toBe('local');
  });

  test('a model that was never seen, without a connection', async () => {
    weather.ahead.push('reset', 'reset');
    const error = await failure(client.infer('adder', { x }, { retries: 0 }));
    expect(error).toMatchObject({ code: 'UNREACHABLE', cause: { code: 'UNREACHABLE' } });
  });

  test('inputs that the model does not take', async () => {
    const wrong = { x: { data: [1, 2, 3], shape: [3] } };
    const error = await failure(client.infer('adder', wrong, { at: 'local' }));
    expect(error.code).toBe('LOCAL_FAILED');
    expect(error.message).toMatch(/^the model does not run here: /);
    expect((await client.infer('adder', { x }, { at: 'local' })).ranAt).toBe('local');
  });

  test('a runtime that cannot be loaded', async () => {
    const without = new PopserveClient(weather.url, {
      local: { ort: () => Promise.reject(new Error('no such module')) },
    });
    const error = await failure(without.infer('adder', { x }, { at: 'local' }));
    expect(error).toMatchObject({
      code: 'LOCAL_FAILED',
      message: 'the model does not load here: Error: no such module',
    });
  });

  test('a client without the option', async () => {
    const plain = new PopserveClient(weather.url);
    expect(await failure(plain.infer('adder', { x }, { at: 'local' }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await failure(plain.prepare('adder'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
