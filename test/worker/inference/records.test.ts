// Plain records instead of tensors, and questions in a URL whose answers are cached without ever being stale.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Signature } from '../../../registry/signature.ts';
import { integers, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { demoPublication } from '../../harness/demo-publication.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(await demoPublication());
  await pop.release(adder('adder', '1', 10));
  const vector = adder('vector', '1', 10);
  await pop.release({ ...vector, manifest: { ...vector.manifest, features: ['width', 'height'] } });
  await pop.release(textAndVector());
  await pop.release({
    ...adder('crossed', '1', 10),
    manifest: { ...adder('crossed', '1', 10).manifest, features: ['x', 'height'] },
  });
});
afterAll(() => pop.stop());

const sound = {
  ...{ type: 'M', air_temperature: 298.1, process_temperature: 308.6 },
  ...{ rotational_speed: 1551, torque: 42.8, tool_wear: 0 },
};
const worn = { ...sound, type: 'L', rotational_speed: 1310, torque: 64.5, tool_wear: 198 };

/** `label` is the text that came, `sum` that of its two sensors. */
function textAndVector() {
  const signature: Signature = {
    inputs: [
      { name: 'type', datatype: 'BYTES', shape: [-1, 1] },
      { name: 'sensors', datatype: 'FP32', shape: [-1, 2] },
    ],
    outputs: [
      { name: 'kind', datatype: 'BYTES', shape: [-1, 1] },
      { name: 'sum', datatype: 'FP32', shape: [-1, 1] },
    ],
  };
  const built = model({
    ...{ name: 'text and vector', opsets: { '': 17 } },
    inputs: [tensorValue('type', 8, ['n', 1]), tensorValue('sensors', 1, ['n', 2])],
    outputs: [tensorValue('kind', 8, ['n', 1]), tensorValue('sum', 1, ['n', 1])],
    nodes: [node('Identity', ['type'], ['kind']), node('ReduceSum', ['sensors', 'axis'], ['sum'])],
    initializers: [integers('axis', [1], [1])],
  });
  return publication('mixed', '1', built, signature, { features: ['type', 'torque', 'wear'] });
}

interface Answer {
  model_name: string;
  model_version: string;
  id?: string;
  predictions: { label: number; probability: number; probabilities: Record<string, number>; y?: number[] }[];
}

function post(model: string, body: object) {
  return pop.send('POST', `/v2/models/${model}/infer`, body, { 'content-type': 'application/json' });
}

describe('records', () => {
  test('of named inputs are answered with labels and probabilities, the same as tensors are', async () => {
    const answer = await post('machine-failure', { id: 'r', instances: [sound, worn] });
    expect(answer.status).toBe(200);
    const { predictions, ...rest } = answer.json<Answer>();
    expect(rest).toEqual({ model_name: 'machine-failure', model_version: '1', id: 'r' });
    expect(predictions.map(({ label }) => label)).toEqual([0, 1]);
    const names = Object.keys(sound) as (keyof typeof sound)[];
    const tensors = await post('machine-failure', {
      inputs: names.map((name) => ({
        name,
        datatype: name === 'type' ? 'BYTES' : 'FP32',
        shape: [2, 1],
        data: [sound[name], worn[name]],
      })),
    });
    const [, probability] = tensors.json<{ outputs: { data: number[] }[] }>().outputs;
    const rows = predictions.map(({ probabilities }) => [probabilities['0'], probabilities['1']]);
    expect(rows.flat()).toEqual(probability?.data);
    for (const { label, probability: own, probabilities } of predictions) expect(own).toBe(probabilities[label]);
    expect(answer.headers.get('popserve-version')).toBe('1');
  });

  test('of a feature vector with names in the manifest are put in its order', async () => {
    const answer = await post('vector', { instances: [{ height: 2, width: 1 }] });
    expect(answer.json<Answer>().predictions).toEqual([{ y: [11, 12] }]);
  });

  test('of a model without names have the input itself as the feature', async () => {
    const answer = await post('adder', { instances: [{ x: [1, 2] }, { x: [[3, 4]] }] });
    expect(answer.json<Answer>().predictions).toEqual([{ y: [11, 12] }, { y: [13, 14] }]);
  });

  test('of a vector with names may hold it as a list under the name of its input', async () => {
    const answer = await post('vector', {
      instances: [{ x: [1, 2] }, { height: 4, width: 3 }, { x: [5, 6], label: 1 }],
    });
    expect(answer.json<Answer>().predictions).toEqual([{ y: [11, 12] }, { y: [13, 14] }, { y: [15, 16] }]);
    const half = await post('vector', { instances: [{ x: [1, 2], width: 1 }] });
    expect(half.json<{ error: string }>().error).toContain("feature 'height' is missing");
  });

  test('name the columns of a vector beside a text', async () => {
    const records = [
      { type: 'M', torque: 1.5, wear: 2 },
      { type: 'L', sensors: [3, 4] },
    ];
    const answer = await post('mixed', { instances: records });
    expect(answer.json<Answer>().predictions).toEqual([
      { kind: 'M', sum: 3.5 },
      { kind: 'L', sum: 7 },
    ]);
    const query = await pop.send('GET', '/v2/models/mixed/infer?type=M&torque=1.5&wear=2');
    expect(query.json<Answer>().predictions).toEqual([{ kind: 'M', sum: 3.5 }]);
    const lacking = await post('mixed', { instances: [{ type: 'M', torque: 1 }] });
    expect(lacking.json<{ error: string }>().error).toBe(
      "instances[0]: feature 'wear' is missing; the model takes 'type', 'torque', 'wear'",
    );
    const { features } = (await pop.send('GET', '/v2/models/mixed')).json<{ features: { name: string }[] }>();
    expect(features.map(({ name }) => name)).toEqual(['type', 'torque', 'wear']);
  });

  test('of TensorFlow Serving are rows, lists by input or names, of a vector with names', async () => {
    const predict = async (model: string, body: object) => {
      const answer = await pop.send('POST', `/v1/models/${model}:predict`, body);
      return answer.json<{ predictions?: unknown; outputs?: unknown; error?: string }>();
    };
    const rows = {
      predictions: [
        [11, 12],
        [13, 14],
      ],
    };
    expect(
      await predict('vector', {
        instances: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toEqual(rows);
    expect(await predict('vector', { instances: [{ x: [1, 2] }, { width: 3, height: 4 }] })).toEqual(rows);
    expect(
      await predict('vector', {
        inputs: {
          x: [
            [1, 2],
            [3, 4],
          ],
        },
      }),
    ).toEqual({ outputs: rows.predictions });
    expect(
      await predict('crossed', {
        instances: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toEqual(rows);
    expect((await predict('crossed', { instances: [[1, 2, 3]] })).error).toBe('instances[0]: expected 2 values, got 3');
    expect(
      await predict('mixed', {
        instances: [
          { type: 'M', sensors: [1, 2] },
          { type: 'L', torque: 3, wear: 4 },
        ],
      }),
    ).toEqual({
      predictions: [
        { kind: ['M'], sum: [3] },
        { kind: ['L'], sum: [7] },
      ],
    });
  });

  test('may hold more than the model asks for, and null for a measurement that is not known', async () => {
    const answer = await post('machine-failure', { instances: [{ ...sound, torque: null, device: 'press 7' }] });
    expect(answer.status).toBe(200);
  });

  test.each([
    [
      'a missing feature',
      'vector',
      [{ width: 1 }],
      "instances[0]: feature 'height' is missing; the model takes 'width', 'height'",
    ],
    ['a misspelt one', 'vector', [{ width: 1, Height: 2 }], "feature 'height' is missing"],
    ['text for a number', 'vector', [{ width: 1, height: 'two' }], 'element 1 is "two", expected FP32'],
    [
      'too few values',
      'adder',
      [{ x: [1, 2] }, { x: [1] }],
      "instances[1]: feature 'x': shape [2] has 2 elements, data has 1",
    ],
    ['values nested otherwise', 'adder', [{ x: [[1], [2]] }], "feature 'x': shape is [1,2], but"],
    ['a ragged row', 'adder', [{ x: [1, [2]] }], 'element 1 is an array, expected FP32'],
    ['no object', 'vector', [[1, 2]], 'instances[0]: expected an object, got an array'],
    ['no records', 'vector', [], "'instances' is empty"],
    ['no list', 'vector', { width: 1 }, "'instances': expected an array"],
  ])('with %s get 400 that names it', async (_, model, instances, error) => {
    const answer = await post(model, { instances });
    expect(answer.status).toBe(400);
    expect(answer.json<{ error: string }>().error).toContain(error);
  });
});

function asQuery(record: object): string {
  return new URLSearchParams(
    Object.entries(record).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
}

async function executions(model: string): Promise<{ runs: number; hits: number }> {
  const stats = (await pop.send('GET', `/v2/models/${model}/stats`)).json<{
    model_stats: { execution_count: number; inference_stats: { cache_hit: { count: number } } }[];
  }>().model_stats;
  return {
    runs: stats.reduce((sum, entry) => sum + entry.execution_count, 0),
    hits: stats.reduce((sum, entry) => sum + entry.inference_stats.cache_hit.count, 0),
  };
}

describe('a question in a URL', () => {
  test('is answered as its record is, and cached by the browser only to be revalidated', async () => {
    const answer = await pop.send('GET', `/v2/models/machine-failure/infer?${asQuery(worn)}`);
    expect(answer.status).toBe(200);
    expect(answer.json<Answer>().predictions).toEqual(
      (await post('machine-failure', { instances: [worn] })).json<Answer>().predictions,
    );
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    expect(answer.headers.get('popserve-version')).toBe('1');
    const digest = (await demoPublication()).manifest.artifacts.model.digest.slice(7, 23);
    expect(answer.headers.get('etag')).toMatch(new RegExp(`^(W/)?"${digest}-[0-9a-f]{32}"$`));
  });

  test('may give a vector with names as a list', async () => {
    const whole = await pop.send('GET', '/v2/models/vector/infer?x=1,2');
    expect(whole.json<Answer>().predictions).toEqual([{ y: [11, 12] }]);
  });

  test('costs no inference when it is asked again, in whatever spelling', async () => {
    const first = await pop.send('GET', '/v2/models/vector/infer?width=1.5&height=2');
    const before = await executions('vector');
    const etag = first.headers.get('etag') ?? '';
    await expect
      .poll(
        async () => {
          const again = await pop.send('GET', '/v2/models/vector/infer?height=2.0&ignored=1&width=15e-1');
          expect(again.json()).toEqual(first.json());
          expect(again.headers.get('etag')).toBe(etag);
          return (await executions('vector')).hits;
        },
        { timeout: 20_000 },
      )
      .toBeGreaterThan(before.hits);
    const settled = await executions('vector');
    const held = [etag, `W/${etag}`, `"other", ${etag}`, '*'];
    for (const known of held) {
      const answer = await pop.send('GET', '/v2/models/vector/infer?width=1.5&height=2', undefined, {
        'if-none-match': known,
        'cache-control': 'no-cache',
      });
      expect([answer.status, answer.bytes.length]).toEqual([304, 0]);
      expect(answer.headers.get('etag')).toBe(etag);
      expect(answer.headers.get('popserve-version')).toBe('1');
    }
    expect(await executions('vector')).toEqual({ runs: settled.runs, hits: settled.hits + held.length });
    expect((await pop.send('GET', '/v2/models/vector/infer?width=1.6&height=2')).headers.get('etag')).not.toBe(etag);
  });

  test('never gets an old answer from a new version', async () => {
    const path = '/v2/models/turning/infer?x=1,2';
    await pop.release(adder('turning', '1', 10));
    const old = await pop.send('GET', path);
    expect(old.json<Answer>().predictions).toEqual([{ y: [11, 12] }]);
    const etag = old.headers.get('etag') ?? '';
    const epoch = await pop.release(adder('turning', '2', 20));
    const headers = { 'if-none-match': etag, 'popserve-min-epoch': String(epoch) };
    const fresh = await pop.send('GET', path, undefined, headers);
    expect(fresh.status).toBe(200);
    expect(fresh.json<Answer>()).toMatchObject({ model_version: '2', predictions: [{ y: [21, 22] }] });
    expect(fresh.headers.get('etag')).not.toBe(etag);
    const pinned = await pop.send('GET', '/v2/models/turning/versions/1/infer?x=1,2', undefined, {
      'if-none-match': etag,
    });
    expect(pinned.status).toBe(304);
  });

  test.each([
    ['nothing', '', "feature 'width' is missing"],
    ['no number', '?width=1&height=tall', 'feature \'height\': expected FP32, got "tall"'],
    ['an empty number', '?width=1&height=', "feature 'height': expected FP32"],
  ])('with %s gets 400', async (_, query, error) => {
    const answer = await pop.send('GET', `/v2/models/vector/infer${query}`);
    expect(answer.status).toBe(400);
    expect(answer.json<{ error: string }>().error).toContain(error);
    expect(answer.headers.get('etag')).toBeNull();
  });
});
