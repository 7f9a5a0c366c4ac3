// Inference over HTTP: every form of request, every way to name a version, what an answer says of itself.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { decodeInferResponse } from '../../../worker/protocol/decode-response.ts';
import { encodeInferRequest } from '../../../worker/protocol/encode-request.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication, releaseTwoAdders } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await releaseTwoAdders(pop);
});
afterAll(() => pop.stop());

const request = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

interface Response {
  model_name: string;
  model_version: string;
  id?: string;
  outputs: { name: string; datatype: string; shape: number[]; data: unknown[] }[];
}

describe('which version answers', () => {
  test.each([
    ['adder', '1', [11, 12]],
    ['adder/versions/1', '1', [11, 12]],
    ['adder/versions/2', '2', [21, 22]],
    ['adder/versions/stable', '1', [11, 12]],
    ['adder/versions/next', '2', [21, 22]],
  ])('%s is answered by version %s', async (path, version, data) => {
    const answer = await pop.send('POST', `/v2/models/${path}/infer`, request);
    expect(answer.status).toBe(200);
    const body = answer.json<Response>();
    expect(body).toEqual({
      model_name: 'adder',
      model_version: version,
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data }],
    });
    expect(answer.headers.get('popserve-version')).toBe(version);
    expect(answer.headers.get('popserve-epoch')).toBe('2');
    expect(answer.headers.get('popserve-pop')).toBe('local');
    const digest = (version === '1' ? adder('adder', '1', 10) : adder('adder', '2', 20)).manifest.artifacts.model
      .digest;
    expect(answer.headers.get('popserve-digest')).toBe(digest);
  });

  test.each([
    ['nobody', 404, "Request for unknown model: 'nobody' is not found"],
    ['Not-A-Name', 404, "Request for unknown model: 'Not-A-Name' is not found"],
    ['nobody/versions/3', 404, "Request for unknown model: 'nobody' is not found"],
    ['nobody/versions/beta', 404, "Request for unknown model: 'nobody' is not found"],
    ['adder/versions/3', 404, "Request for unknown model: 'adder' version 3 is not found"],
    [
      'adder/versions/beta',
      404,
      "Request for unknown model: 'adder' version beta is not found (aliases: next, stable)",
    ],
  ])('%s is refused with %i', async (path, status, error) => {
    const answer = await pop.send('POST', `/v2/models/${path}/infer`, request);
    expect(answer.status).toBe(status);
    expect(answer.json()).toEqual({ error });
  });

  test('a version that was never activated answers by its name, and the model says that none is active', async () => {
    await pop.release(adder('idle', '1', 5), false);
    expect((await pop.send('POST', '/v2/models/idle/versions/1/infer', request)).status).toBe(200);
    const answer = await pop.send('POST', '/v2/models/idle/infer', request);
    expect(answer.status).toBe(503);
    expect(answer.json()).toEqual({ error: "model 'idle' has no active version yet" });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('popserve-min-epoch is kept or refused', async () => {
    const reached = await pop.send('POST', '/v2/models/adder/infer', request, { 'popserve-min-epoch': '2' });
    expect(reached.status).toBe(200);
    const ahead = await pop.send('POST', '/v2/models/adder/infer', request, { 'popserve-min-epoch': '9' });
    expect(ahead.status).toBe(503);
    expect(ahead.json()).toEqual({ error: "model 'adder' is at epoch 2 here, the request asks for at least 9" });
    const wrong = await pop.send('POST', '/v2/models/adder/infer', request, { 'popserve-min-epoch': 'x' });
    expect(wrong.status).toBe(400);
  });
});

describe('forms of a request', () => {
  const tensor = {
    name: 'x',
    datatype: 'FP32',
    shape: [2, 2],
    data: new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer),
  } as const;

  test('binary in, binary out', async () => {
    const message = encodeInferRequest([tensor], { id: 'b', binary: true, binaryOutputs: true });
    const answer = await pop.send('POST', '/v2/models/adder/infer', message.body, message.headers);
    expect(answer.status).toBe(200);
    const decoded = decodeInferResponse({
      body: answer.bytes,
      headerLength: answer.headers.get('inference-header-content-length'),
    });
    expect(decoded.id).toBe('b');
    const data = decoded.outputs[0]?.data as Uint8Array;
    expect(new Float32Array(data.slice().buffer)).toEqual(new Float32Array([11, 12, 13, 14]));
  });

  test('raw: header length 0 and the tensor alone', async () => {
    const answer = await pop.send('POST', '/v2/models/adder/infer', tensor.data, {
      'inference-header-content-length': '0',
    });
    expect(answer.status).toBe(200);
    const { outputs } = decodeInferResponse({
      body: answer.bytes,
      headerLength: answer.headers.get('inference-header-content-length'),
    });
    expect(outputs[0]?.shape).toEqual([2, 2]);
  });

  test('what curl sends without being told a content type', async () => {
    const answer = await pop.send('POST', '/v2/models/adder/infer', JSON.stringify(request), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(answer.status).toBe(200);
  });

  test('an empty batch gives an empty output', async () => {
    const empty = { inputs: [{ name: 'x', datatype: 'FP32', shape: [0, 2], data: [] }] };
    const answer = await pop.send('POST', '/v2/models/adder/infer', empty);
    expect(answer.json<Response>().outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [0, 2], data: [] }]);
  });

  test('a scalar input, an output that is asked for by name, and an id', async () => {
    const built = model({
      name: 'scalar',
      opsets: { '': 17 },
      inputs: [tensorValue('x', 7, [])],
      outputs: [tensorValue('same', 7, []), tensorValue('negated', 7, [])],
      nodes: [node('Identity', ['x'], ['same']), node('Neg', ['x'], ['negated'])],
    });
    await pop.release(
      publication('scalar', '1', built, {
        inputs: [{ name: 'x', datatype: 'INT64', shape: [] }],
        outputs: [
          { name: 'same', datatype: 'INT64', shape: [] },
          { name: 'negated', datatype: 'INT64', shape: [] },
        ],
      }),
    );
    const body =
      '{"id":"s","inputs":[{"name":"x","datatype":"INT64","shape":[],"data":[9007199254740993]}],"outputs":[{"name":"negated"}]}';
    const answer = await pop.send('POST', '/v2/models/scalar/infer', body);
    expect(new TextDecoder().decode(answer.bytes)).toBe(
      '{"model_name":"scalar","model_version":"1","id":"s","outputs":[{"name":"negated","shape":[],"datatype":"INT64","data":[-9007199254740993]}]}',
    );
  });
});

describe('health and metadata', () => {
  test('live, ready and server metadata answer at /v2 and /v2/', async () => {
    expect((await pop.send('GET', '/v2/health/live')).json()).toEqual({ live: true });
    expect((await pop.send('GET', '/v2/health/ready')).json()).toEqual({ live: true, ready: true });
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    for (const path of ['/v2', '/v2/']) {
      expect((await pop.send('GET', path)).json()).toMatchObject({ name: 'popserve', version });
    }
  });

  test('model metadata names signature, versions and what it is made of', async () => {
    const all = (await pop.send('GET', '/v2/models/adder')).json<{ versions: string[]; properties: object }>();
    expect(all).toMatchObject({
      name: 'adder',
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    });
    expect(all.versions.toSorted()).toEqual(['1', '2']);
    expect(all.properties).toMatchObject({ version: '1', epoch: '2', aliases: 'stable', pop: 'local' });
    const one = (await pop.send('GET', '/v2/models/adder/versions/next')).json();
    expect(one).toMatchObject({ versions: ['2'], properties: { version: '2', aliases: 'next' } });
  });

  test('models are listed, and indexed as model servers do', async () => {
    const { models } = (await pop.send('GET', '/v2/models')).json<{ models: { name: string }[] }>();
    expect(models).toContainEqual({ name: 'adder', versions: 2, aliases: { stable: '1', next: '2' } });
    const index = (await pop.send('POST', '/v2/repository/index', {})).json();
    expect(index).toContainEqual({ name: 'adder', version: '2', state: 'READY', reason: '' });
  });

  test('a model is ready once it is loaded', async () => {
    expect((await pop.send('GET', '/v2/models/adder/ready')).json()).toEqual({ name: 'adder', ready: true });
    expect((await pop.send('GET', '/v2/models/nobody/ready')).status).toBe(404);
  });
});
