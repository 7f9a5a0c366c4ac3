// The metadata of a version's records: their features, which may be left out, and how many a request takes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelConfig } from '../../../registry/api/metadata.ts';
import { takeBaseline } from '../../../registry/baseline.ts';
import { sha256Digest } from '../../../registry/digests.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { colourModel, colourPipeline } from '../../harness/pictures/colour-model.ts';
import { TestPop } from '../../harness/pop.ts';
import { publication } from '../../harness/small-models.ts';
import { sentences } from '../../harness/texts/word-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
});
afterAll(() => pop.stop());

const [float, text, bool] = [1, 8, 9];
const reference = { file: 'rows.csv', digest: await sha256Digest('rows'), rows: 10 };

interface Metadata {
  inputs: object[];
  features: object[];
  records: number;
}

async function metadataOf(name: string, changes: Partial<Manifest>, optional: boolean): Promise<Metadata> {
  const signature: Manifest['signature'] = {
    inputs: [
      { name: 'size', datatype: 'FP32', shape: [-1, 1] },
      { name: 'city', datatype: 'BYTES', shape: [-1, 1] },
      { name: 'curve', datatype: 'FP32', shape: [-1, -1] },
    ],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    ...(optional ? { optionalInputs: [{ name: 'strict', datatype: 'BOOL', shape: [1] }] } : {}),
    batch: { size: -1, inputs: ['size', 'city', 'curve'], outputs: ['y'] },
  };
  const inputs = [
    tensorValue('size', float, ['n', 1]),
    tensorValue('city', text, ['n', 1]),
    tensorValue('curve', float, ['n', 'm']),
    ...(optional ? [tensorValue('strict', bool, [1])] : []),
  ];
  const built = model({
    ...{ name, opsets: { '': 17 }, inputs, outputs: [tensorValue('y', float, ['n', 1])] },
    nodes: [node('Mul', ['size', 'one'], ['y'])],
    initializers: [floats('one', [1], [1])],
  });
  await pop.release(publication(name, '1', built, signature, changes));
  return (await pop.send('GET', `/v2/models/${name}`)).json<Metadata>();
}

test('features have types, shapes, and what the reference data held', async () => {
  const signature = {
    inputs: [
      { name: 'size', datatype: 'FP32' as const, shape: [-1, 1] },
      { name: 'city', datatype: 'BYTES' as const, shape: [-1, 1] },
    ],
    outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 1] }],
  };
  const cities = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'Ulm' : 'Bonn'));
  const tensors = new Map([
    ['size', [{ shape: [10, 1], elements: Float32Array.from(cities, (_, index) => index - 2.5) }]],
    ['city', [{ shape: [10, 1], elements: cities }]],
  ]);
  const { features, inputs, records } = await metadataOf(
    'houses',
    { baseline: takeBaseline(signature, { tensors }, reference) },
    false,
  );
  expect(features).toEqual([
    { name: 'size', type: 'number', datatype: 'FP32', shape: [], optional: false, range: [-2.5, 6.5] },
    { name: 'city', type: 'string', datatype: 'BYTES', shape: [], optional: false, categories: ['Bonn', 'Ulm'] },
    { name: 'curve', type: 'number', datatype: 'FP32', shape: [-1], optional: false },
  ]);
  expect(inputs).not.toContainEqual(expect.objectContaining({ optional: true }));
  expect(records).toBe(-1);
});

test('an input with a default is optional, and the last feature', async () => {
  const { features, inputs } = await metadataOf('strict', {}, true);
  expect(features.at(-1)).toEqual({ name: 'strict', type: 'boolean', datatype: 'BOOL', shape: [], optional: true });
  expect(inputs.at(-1)).toEqual({ name: 'strict', datatype: 'BOOL', shape: [1], optional: true });
  const { input } = (await pop.send('GET', '/v2/models/strict/config')).json<ModelConfig>();
  // In a configuration of batches every dimension follows that of the batch, which this input has not.
  expect(input.map(({ name }) => name)).toEqual(['size', 'city', 'curve']);
});

test('columns of the only input are features with their own ranges', async () => {
  const signature: Manifest['signature'] = {
    inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 2] }],
    outputs: [{ name: 'mean', datatype: 'FP64', shape: [2] }],
    batch: { size: -1, inputs: ['x'], outputs: [] },
  };
  const tensors = new Map([['x', [{ shape: [3, 2], elements: Float64Array.of(1, 10, 2, 20, 3, 30) }]]]);
  const double = 11;
  const built = model({
    ...{ name: 'mean', opsets: { '': 17 }, inputs: [tensorValue('x', double, ['n', 2])] },
    outputs: [tensorValue('mean', double, [2])],
    nodes: [node('ReduceMean', ['x'], ['mean'], { axes: { ints: [0] }, keepdims: { int: 0 } })],
  });
  const names = new Map([['x', ['width', 'height']]]);
  const baseline = takeBaseline(signature, { tensors, names }, reference);
  await pop.release(publication('mean', '1', built, signature, { features: ['width', 'height'], baseline }));
  const { features, records } = (await pop.send('GET', '/v2/models/mean')).json<Metadata>();
  expect(features).toEqual([
    { name: 'width', type: 'number', datatype: 'FP64', shape: [], optional: false, range: [1, 3] },
    { name: 'height', type: 'number', datatype: 'FP64', shape: [], optional: false, range: [10, 30] },
  ]);
  expect(records).toBe(1);
});

test('the configuration has the pipeline, for clients that prepare pictures themselves', async () => {
  const config = async (path: string) => (await pop.send('GET', `/v2/models/${path}/config`)).json<ModelConfig>();
  await pop.release(colourModel('colour', '3'));
  const { parameters, version_policy } = await config('colour');
  expect(JSON.parse(parameters.pipeline?.string_value ?? '')).toEqual(colourPipeline());
  expect(version_policy.specific.versions).toEqual(['3']);
  expect(parameters.digest?.string_value).toBe(colourModel('colour', '3').manifest.artifacts.model.digest);
  expect((await config('colour/versions/3')).parameters).toEqual(parameters);
  expect((await config('houses')).parameters).not.toHaveProperty('pipeline');
  const texts = sentences('texts', '1');
  await pop.release(texts);
  expect((await config('texts')).parameters.tokenizer?.string_value).toBe(texts.manifest.artifacts.tokenizer?.digest);
  expect(parameters).not.toHaveProperty('tokenizer');
});
