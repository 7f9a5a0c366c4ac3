// The model repository and model configuration extensions: states, load, unload, and who may.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
});
afterAll(() => pop.stop());

const request = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

interface Entry {
  name: string;
  version: string;
  state: string;
  reason: string;
}

async function index(body?: object): Promise<Entry[]> {
  return (await pop.send('POST', '/v2/repository/index', body)).json<Entry[]>();
}

async function stateOf(name: string): Promise<string | undefined> {
  const metadata = await pop.send('GET', `/v2/models/${name}`);
  return metadata.json<{ properties: { state: string } }>().properties.state;
}

function repository(path: string, parameters?: object) {
  return pop.send('POST', `/v2/repository/models/${path}`, parameters && { parameters }, {
    authorization: `Bearer ${pop.pop.token}`,
  });
}

function garbage(name: string) {
  return publication(name, '1', new Uint8Array([1, 2, 3, 4]), {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
  });
}

describe('load', () => {
  test('makes the version that is named active where none is, warmed, and answers with an empty 200', async () => {
    await pop.release(adder('fresh', '1', 10), false);
    await pop.release(adder('fresh', '2', 20), false);
    expect((await pop.send('POST', '/v2/models/fresh/infer', request)).status).toBe(503);
    const answer = await repository('fresh/load', { version: '1' });
    expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
    const inference = await pop.send('POST', '/v2/models/fresh/infer', request, { 'popserve-min-epoch': '1' });
    expect(inference.json()).toMatchObject({ model_version: '1', outputs: [{ data: [11, 12] }] });
    const { routes } = (await pop.operate('GET', '/registry/models/fresh/routes')).json<{ routes: object[] }>();
    expect(routes).toMatchObject([{ audit: { action: 'activate', reason: 'loaded through the model repository' } }]);
  });

  test.each(['load', 'activate'])('a release by %s is announced to telemetry and noted in the audit', async (way) => {
    const model = `by-${way}`;
    await pop.release(adder(model, '1', 10), false);
    if (way === 'load') expect((await repository(`${model}/load`)).status).toBe(200);
    else await pop.route(model, { action: 'activate', version: '1' });
    // No request was answered, so no PoP has reported: the object can only have heard of it from the release.
    await expect
      .poll(async () => (await pop.operate('GET', `/registry/models/${model}/status`)).json())
      .toMatchObject({ release: { epoch: 1, reachedPops: 0 } });
    const { records } = (await pop.operate('GET', '/registry/audit?limit=1')).json<{ records: object[] }>();
    expect(records).toMatchObject([
      {
        ...{ change: 'route', actor: 'operator', status: way === 'load' ? 200 : 201 },
        details: { model, epoch: 1, created: true, action: { action: 'activate', version: '1' }, copyPending: false },
      },
    ]);
  });

  test('that releases nothing is noted as such', async () => {
    await pop.release(adder('noted', '1', 10));
    await repository('noted/load');
    await repository('noted/unload');
    const { records } = (await pop.operate('GET', '/registry/audit?limit=2')).json<{ records: object[] }>();
    expect(records).toMatchObject([
      { change: 'unloaded', details: { model: 'noted', version: null } },
      { change: 'loaded', details: { model: 'noted', version: '1' } },
    ]);
  });

  test('of another version warms it and leaves the active one alone', async () => {
    await pop.release(adder('steady', '1', 10));
    await pop.release(adder('steady', '2', 20), false);
    expect((await repository('steady/load', { version: '2' })).status).toBe(200);
    const other = (await pop.send('GET', '/v2/models/steady/versions/2')).json();
    expect(other).toMatchObject({ properties: { state: 'READY' } });
    const inference = await pop.send('POST', '/v2/models/steady/infer', request);
    expect(inference.json()).toMatchObject({ model_version: '1' });
  });

  test('without a version takes what was published last', async () => {
    await pop.release(adder('latest', '1', 10), false);
    expect((await repository('latest/load')).status).toBe(200);
    expect((await pop.send('GET', '/v2/models/latest/ready')).status).toBe(200);
  });

  test('of a model that there is not says that loading failed, and why', async () => {
    for (const parameters of [undefined, { version: '1' }, { version: 'lab' }]) {
      const answer = await repository('nobody/load', parameters);
      expect([answer.status, answer.json()]).toEqual([
        404,
        { error: "failed to load 'nobody': Request for unknown model: 'nobody' is not found" },
      ]);
    }
  });

  test('of what cannot be loaded gives the reason, activates nothing, and the index shows it', async () => {
    await pop.release(garbage('broken'), false);
    const answer = await repository('broken/load');
    expect(answer.status).toBe(503);
    expect(answer.json<{ error: string }>().error).toContain("model 'broken' version '1' failed to load");
    expect((await pop.send('POST', '/v2/models/broken/infer', request)).json()).toEqual({
      error: "model 'broken' has no active version yet",
    });
    const entry = (await index({})).find(({ name }) => name === 'broken');
    expect(entry).toMatchObject({ version: '1', state: 'UNAVAILABLE' });
    expect(entry?.reason).toContain('failed to load');
    expect((await index({ ready: true })).map(({ name }) => name)).not.toContain('broken');
    const ready = await pop.send('GET', '/v2/models/broken/versions/1/ready');
    expect(ready.status).toBe(503);
    expect(ready.json<{ error: string }>().error).toContain('failed to load');
  });

  test.each([
    ['a configuration', { config: '{}' }, 501, "'parameters': 'config' is not supported"],
    ['a file', { 'file:1/model.onnx': 'AAAA' }, 501, "'parameters': 'file:1/model.onnx' is not supported"],
    ['a version that is no string', { version: 1 }, 400, "'parameters': version is 1, expected a string"],
    ['a version that is not there', { version: '9' }, 404, "Request for unknown model: 'refusing' version 9 is"],
  ])('with %s is refused', async (_, parameters, status, error) => {
    await pop.release(adder('refusing', '1', 10));
    const answer = await repository('refusing/load', parameters);
    expect(answer.status).toBe(status);
    expect(answer.json<{ error: string }>().error).toContain(`failed to load 'refusing': ${error}`);
  });
});

describe('unload', () => {
  test('frees what is loaded here; the next request loads it again', async () => {
    await pop.release(adder('leaving', '1', 10));
    await pop.send('POST', '/v2/models/leaving/infer', request);
    expect(await stateOf('leaving')).toBe('READY');
    const answer = await repository('leaving/unload');
    expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
    expect(await stateOf('leaving')).toBe('UNLOADED');
    expect((await pop.send('POST', '/v2/models/leaving/infer', request)).status).toBe(200);
    expect(await stateOf('leaving')).toBe('READY');
  });

  test('of one version leaves the others', async () => {
    await pop.release(adder('pair', '1', 10));
    await pop.release(adder('pair', '2', 20), false);
    for (const version of ['1', '2']) await pop.send('POST', `/v2/models/pair/versions/${version}/infer`, request);
    expect((await repository('pair/unload', { version: '2', unload_dependents: true })).status).toBe(200);
    const states = await Promise.all(['pair', 'pair/versions/2'].map(stateOf));
    expect(states).toEqual(['READY', 'UNLOADED']);
  });

  test('of an unknown model is a 404', async () => {
    expect((await repository('nobody/unload')).status).toBe(404);
  });
});

test('load and unload are the operator’s', async () => {
  for (const verb of ['load', 'unload']) {
    const answer = await pop.send('POST', `/v2/repository/models/fresh/${verb}`);
    expect(answer.status).toBe(401);
  }
});

test('a model cannot be called what a path of all models is called', async () => {
  const answer = await pop
    .operate('PUT', '/registry/models/stats/versions/1', { ...adder('statues', '1', 1).manifest, model: 'stats' })
    .catch(String);
  expect(answer).toContain("cannot be called 'stats'");
});

test('the list of models comes in pages', async () => {
  for (const name of ['zz-1', 'zz-2', 'zz-3']) await pop.release(adder(name, '1', 1));
  const page = async (query: string) =>
    (await pop.send('GET', `/v2/models?${query}`)).json<{ models: { name: string }[]; next: string | null }>();
  const first = await page('after=zz&limit=2');
  expect([first.models.map(({ name }) => name), first.next]).toEqual([['zz-1', 'zz-2'], 'zz-2']);
  const second = await page('after=zz-2&limit=2');
  expect([second.models.map(({ name }) => name), second.next]).toEqual([['zz-3'], null]);
  expect((await pop.send('GET', '/v2/models?limit=0')).status).toBe(400);
});

test('the index takes no body, an empty one and unknown keys, and names what is wrong with others', async () => {
  await pop.release(adder('indexed', '1', 10));
  const entry = { name: 'indexed', version: '1', state: 'READY', reason: '' };
  // A version that was just released is LOADING for a moment.
  await expect.poll(() => index()).toContainEqual(entry);
  expect(await index({ ready: false, color: 'red' })).toContainEqual(entry);
  expect((await pop.send('POST', '/v2/repository/index', '[')).status).toBe(400);
  expect((await pop.send('POST', '/v2/repository/index', { ready: 'yes' })).status).toBe(400);
});

test('the model configuration has the signature in Triton’s terms', async () => {
  await pop.release(adder('configured', '1', 10));
  for (const path of ['configured', 'configured/versions/stable']) {
    const config = (await pop.send('GET', `/v2/models/${path}/config`)).json();
    expect(config).toMatchObject({
      name: 'configured',
      platform: 'onnxruntime_onnx',
      max_batch_size: 2_097_152,
      input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [2] }],
      output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [2] }],
    });
  }
});
