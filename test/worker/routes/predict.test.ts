// TensorFlow Serving's REST form: row and column format, versions and labels, bytes in base64, status and metadata.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { demoPublication } from '../../harness/demo-publication.ts';
import { colourModel, colourPipeline } from '../../harness/pictures/colour-model.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication, releaseTwoAdders } from '../../harness/small-models.ts';
import { moods } from '../../harness/texts/word-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await releaseTwoAdders(pop);
  await pop.release(await demoPublication());
  const echo = model({
    name: 'echo',
    opsets: { '': 17 },
    inputs: [tensorValue('text', 8, ['n'])],
    outputs: [tensorValue('same', 8, ['n']), tensorValue('same_bytes', 8, ['n'])],
    nodes: [node('Identity', ['text'], ['same']), node('Identity', ['text'], ['same_bytes'])],
  });
  const strings = (name: string) => ({ name, datatype: 'BYTES' as const, shape: [-1] });
  await pop.release(
    publication('echo', '1', echo, { inputs: [strings('text')], outputs: [strings('same'), strings('same_bytes')] }),
  );
});
afterAll(() => pop.stop());

async function predict(path: string, body: object | string) {
  const answer = await pop.send('POST', `/v1/models/${path}:predict`, body);
  return { status: answer.status, headers: answer.headers, body: answer.json<Record<string, unknown>>() };
}

describe('prediction', () => {
  test.each([
    [
      'adder',
      {
        instances: [
          [1, 2],
          [3, 4],
        ],
      },
      {
        predictions: [
          [11, 12],
          [13, 14],
        ],
      },
    ],
    ['adder', { instances: [{ x: [1, 2] }] }, { predictions: [[11, 12]] }],
    [
      'adder',
      {
        inputs: [
          [1, 2],
          [3, 4],
        ],
      },
      {
        outputs: [
          [11, 12],
          [13, 14],
        ],
      },
    ],
    ['adder', { inputs: { x: [[1, 2]] } }, { outputs: [[11, 12]] }],
    ['adder', { signature_name: 'serving_default', instances: [[1, 2]], other: 1 }, { predictions: [[11, 12]] }],
    ['adder/versions/2', { instances: [[1, 2]] }, { predictions: [[21, 22]] }],
    ['adder/labels/next', { instances: [[1, 2]] }, { predictions: [[21, 22]] }],
    [
      'echo',
      { instances: [{ b64: 'w7w=' }, 'a'] },
      {
        predictions: [
          { same: 'ü', same_bytes: { b64: 'w7w=' } },
          { same: 'a', same_bytes: { b64: 'YQ==' } },
        ],
      },
    ],
    [
      'echo',
      { inputs: { text: ['a', { b64: 'Yg==' }] } },
      { outputs: { same: ['a', 'b'], same_bytes: [{ b64: 'YQ==' }, { b64: 'Yg==' }] } },
    ],
  ])('%s: %j', async (path, request, expected) => {
    expect((await predict(path, request)).body).toEqual(expected);
  });

  test('of several inputs and outputs gives an object per row, and says what it was made of', async () => {
    const row = {
      ...{ type: ['L'], air_temperature: [298.9], process_temperature: [309.1] },
      ...{ rotational_speed: [1310], torque: [64.5], tool_wear: [198] },
    };
    const { body, headers } = await predict('machine-failure', { instances: [row] });
    const [prediction] = body.predictions as { failure: number; probability: number[] }[];
    expect(prediction?.failure).toBe(1);
    expect(prediction?.probability).toHaveLength(2);
    expect(headers.get('popserve-version')).toBe('1');
    expect(headers.get('popserve-epoch')).toBe('1');
  });

  test.each([
    ['neither format', 'adder', {}, 400, "expected either 'instances' (row format) or 'inputs'"],
    ['both', 'adder', { instances: [], inputs: [] }, 400, 'got both'],
    ['no instances', 'adder', { instances: [] }, 400, 'is empty'],
    ['another signature', 'adder', { signature_name: 'x', instances: [[1, 2]] }, 400, "expected 'serving_default'"],
    ['an unknown input', 'adder', { inputs: { z: [[1, 2]] } }, 400, "input 'z'"],
    ['ragged rows', 'adder', { inputs: [[1, 2], [3]] }, 400, 'dimension 1'],
    ['a wrong shape', 'adder', { inputs: [[1, 2, 3]] }, 400, 'expected FP32 [-1,2], got FP32 [1,3]'],
    [
      'a value where records are needed',
      'machine-failure',
      { instances: [1] },
      400,
      'expected an object with the 6 inputs',
    ],
    ['no base64', 'echo', { instances: [{ b64: '?' }] }, 400, 'expected a string in base64'],
    ['no JSON', 'adder', '{', 400, 'JSON'],
    ['an unknown model', 'nobody', { instances: [1] }, 404, "Request for unknown model: 'nobody' is not found"],
    [
      'an unknown label',
      'adder/labels/beta',
      { instances: [[1, 2]] },
      404,
      "'adder' version beta is not found (aliases: next, stable)",
    ],
  ])('with %s is refused', async (_, path, request, status, error) => {
    const answer = await predict(path, request);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toContain(error);
  });

  test('other calls are not supported', async () => {
    const answer = await pop.send('POST', '/v1/models/adder:classify', {});
    expect([answer.status, answer.json()]).toEqual([501, { error: "':classify' is not supported, only ':predict'" }]);
  });

  test.each([
    'adder:predict',
    'nobody:predict',
    'adder/versions/2:predict',
    'adder/labels/next:classify',
    'adder:regress',
  ])('is posted: other methods of %s get 405', async (path) => {
    for (const spelled of [path, path.replace(':', '%3A'), `${path}/`]) {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
        const answer = await pop.send(method, `/v1/models/${spelled}`);
        expect([spelled, method, answer.status, answer.headers.get('allow')]).toEqual([spelled, method, 405, 'POST']);
      }
    }
  });
});

test('status tells the versions', async () => {
  const available = (version: string) => ({
    version,
    state: 'AVAILABLE',
    status: { error_code: 'OK', error_message: '' },
  });
  const all = (await pop.send('GET', '/v1/models/adder')).json<{ model_version_status: { version: string }[] }>();
  expect(all.model_version_status.toSorted((a, b) => a.version.localeCompare(b.version))).toEqual(
    ['1', '2'].map(available),
  );
  for (const path of ['versions/2', 'labels/next']) {
    const one = (await pop.send('GET', `/v1/models/adder/${path}`)).json();
    expect(one).toEqual({ name: 'adder', ready: true, model_version_status: [available('2')] });
  }
  expect((await pop.send('GET', '/v1/models/nobody')).status).toBe(404);
});

test('clients of KServe find the names of models, and whether one is ready', async () => {
  const { models } = (await pop.send('GET', '/v1/models')).json<{ models: string[] }>();
  expect(models).toEqual(models.toSorted());
  expect(models).toEqual(expect.arrayContaining(['adder', 'echo', 'machine-failure']));
  expect((await pop.send('GET', '/v1/models/adder')).json()).toMatchObject({ name: 'adder', ready: true });
  expect((await pop.send('GET', '/', undefined, { accept: '*/*' })).json()).toMatchObject({ status: 'alive' });
  // A model of which nothing is active yet has its versions told all the same.
  await pop.release(adder('later', '1', 1), false);
  const later = (await pop.send('GET', '/v1/models/later')).json();
  expect(later).toMatchObject({ name: 'later', ready: false, model_version_status: [{ version: '1' }] });
  expect((await pop.send('GET', '/v1/models/later/versions/1')).json()).toMatchObject({ ready: true });
});

test('a version that failed to load is not ready', async () => {
  const broken = adder('broken', '1', 1);
  const garbage = new TextEncoder().encode('no model');
  await pop.release(publication('broken', '1', garbage, broken.manifest.signature), false);
  expect((await pop.send('GET', '/v2/models/broken/versions/1/ready')).status).toBe(503);
  const status = (await pop.send('GET', '/v1/models/broken/versions/1')).json();
  expect(status).toMatchObject({ name: 'broken', ready: false, model_version_status: [{ state: 'END' }] });
});

test('metadata tells the signature', async () => {
  const answer = (await pop.send('GET', '/v1/models/adder/metadata')).json();
  const spec = (name: string) => ({
    name,
    dtype: 'DT_FLOAT',
    tensor_shape: {
      dim: [
        { size: '-1', name: '' },
        { size: '2', name: '' },
      ],
      unknown_rank: false,
    },
  });
  expect(answer).toEqual({
    model_spec: { name: 'adder', signature_name: '', version: '1' },
    metadata: {
      signature_def: {
        signature_def: {
          serving_default: {
            inputs: { x: spec('x') },
            outputs: { y: spec('y') },
            method_name: 'tensorflow/serving/predict',
          },
        },
      },
    },
  });
});

describe('a version with a pipeline', () => {
  beforeAll(async () => {
    await pop.release(colourModel('colour', '1', colourPipeline()));
    await pop.release(moods('moods', '1'));
  });

  test.each([
    ['colour', 'pictures', { instances: [{ b64: 'iVBORw0KGgo=' }] }],
    ['colour', 'pictures', { inputs: [{ b64: 'iVBORw0KGgo=' }] }],
    ['moods', 'texts', { instances: ['a good film'] }],
  ])('%s says where %s are taken: %j', async (model, items, body) => {
    const answer = await pop.send('POST', `/v1/models/${model}:predict`, body);
    expect(answer.status).toBe(400);
    expect(answer.json<{ error: string }>().error).toMatch(
      new RegExp(`; this form takes the model's own tensors; ${items} go to POST /v2/models/${model}/infer as `),
    );
  });

  test('takes the tensors of its model', async () => {
    const { inputs } = (await pop.send('GET', '/v2/models/moods')).json<{ inputs: { name: string }[] }>();
    const row = Object.fromEntries(inputs.map(({ name }) => [name, [1, 1]]));
    expect((await pop.send('POST', '/v1/models/moods:predict', { instances: [row] })).status).toBe(200);
  });
});
