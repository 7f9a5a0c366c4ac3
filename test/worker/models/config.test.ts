// The model configuration as Triton's clients use it: requests that follow it are right, and so are those that do not.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelConfig } from '../../../registry/api/metadata.ts';
import type { Signature } from '../../../registry/signature.ts';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { modelConfig } from '../../../worker/models/config.ts';
import { TestPop } from '../../harness/pop.ts';
import { publication } from '../../harness/small-models.ts';

/** y = a + a, label = n, each as it came. */
const signature: Signature = {
  inputs: [
    { name: 'a', datatype: 'FP32', shape: [-1, 2] },
    { name: 'n', datatype: 'INT64', shape: [-1] },
  ],
  outputs: [
    { name: 'y', datatype: 'FP32', shape: [-1, 2] },
    { name: 'label', datatype: 'INT64', shape: [-1] },
  ],
  batch: { size: -1, inputs: ['a', 'n'], outputs: ['y', 'label'] },
};

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ MAX_ELEMENTS: '3000' });
  const built = model({
    ...{ name: 'rows', opsets: { '': 17 } },
    inputs: [tensorValue('a', 1, ['b', 2]), tensorValue('n', 7, ['b'])],
    outputs: [tensorValue('y', 1, ['b', 2]), tensorValue('label', 7, ['b'])],
    nodes: [node('Add', ['a', 'a'], ['y']), node('Identity', ['n'], ['label'])],
  });
  const limits = [{ name: 'n', shape: [64], elements: 64 }];
  await pop.release(publication('rows', '1', built, signature, { limits }));
  await pop.release(publication('wide', '1', built, signature));
  const scalar = model({
    ...{ name: 'scalar', opsets: { '': 17 } },
    inputs: [tensorValue('t', 1, [])],
    outputs: [tensorValue('same', 1, [])],
    nodes: [node('Identity', ['t'], ['same'])],
  });
  const spec = (name: string) => ({ name, datatype: 'FP32' as const, shape: [] });
  await pop.release(publication('scalar', '1', scalar, { inputs: [spec('t')], outputs: [spec('same')] }));
});
afterAll(() => pop.stop());

const configOf = async (name: string) => (await pop.send('GET', `/v2/models/${name}/config`)).json<ModelConfig>();

describe('of a model that takes batches', () => {
  test('has its dimensions without the batch, and how many rows a request may hold', async () => {
    const config = await configOf('rows');
    expect(config.max_batch_size).toBe(64);
    expect(config.input).toEqual([
      { name: 'a', data_type: 'TYPE_FP32', dims: [2], format: 'FORMAT_NONE' },
      { name: 'n', data_type: 'TYPE_INT64', dims: [1], reshape: { shape: [] }, format: 'FORMAT_NONE' },
    ]);
    expect(config.output).toEqual([
      { name: 'y', data_type: 'TYPE_FP32', dims: [2] },
      { name: 'label', data_type: 'TYPE_INT64', dims: [1], reshape: { shape: [] } },
    ]);
    // Without limits of its own the server's hold.
    expect((await configOf('wide')).max_batch_size).toBe(1000);
  });

  test('is not what requests are held to: shapes by it and by the signature are right', async () => {
    for (const nShape of [[2], [2, 1]]) {
      for (const n of [
        [5, 6],
        [[5], [6]],
      ]) {
        if (nShape.length === 1 && Array.isArray(n[0])) continue;
        const inputs = [
          { name: 'a', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] },
          { name: 'n', datatype: 'INT64', shape: nShape, data: n },
        ];
        const answer = await pop.send('POST', '/v2/models/rows/infer', { inputs });
        expect(answer.json()).toMatchObject({
          outputs: [
            { shape: [2, 2], data: [2, 4, 6, 8] },
            { shape: [2], data: [5, 6] },
          ],
        });
      }
    }
  });

  test('in binary as well, as tritonclient sends', async () => {
    const head = JSON.stringify({
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } },
        { name: 'n', datatype: 'INT64', shape: [1, 1], parameters: { binary_data_size: 8 } },
      ],
    });
    const tensors = [new Uint8Array(Float32Array.of(1, 2).buffer), new Uint8Array(BigInt64Array.of(7n).buffer)];
    const body = new Uint8Array(Buffer.concat([Buffer.from(head), ...tensors]));
    const answer = await pop.send('POST', '/v2/models/rows/infer', body, {
      'inference-header-content-length': String(head.length),
    });
    expect(answer.json()).toMatchObject({ outputs: [{ data: [2, 4] }, { shape: [1], data: [7] }] });
  });

  test('a batch of its size is taken, a larger one is not', async () => {
    const ask = (rows: number) =>
      pop.send('POST', '/v2/models/rows/infer', {
        inputs: [
          { name: 'a', datatype: 'FP32', shape: [rows, 2], data: new Array(rows * 2).fill(1) },
          { name: 'n', datatype: 'INT64', shape: [rows, 1], data: new Array(rows).fill(1) },
        ],
      });
    expect((await ask(64)).status).toBe(200);
    expect((await ask(65)).status).toBe(413);
  });

  test('another dimension more is still refused, as it came', async () => {
    for (const shape of [
      [2, 2],
      [1, 2, 1],
      [1, 2],
      [2, 1, 1],
    ]) {
      const count = shape.reduce((product, size) => product * size, 1);
      const inputs = [
        { name: 'a', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] },
        { name: 'n', datatype: 'INT64', shape, data: new Array(count).fill(1) },
      ];
      const answer = await pop.send('POST', '/v2/models/rows/infer', { inputs });
      expect([answer.status, answer.json()]).toEqual([
        400,
        { error: `input 'n': expected INT64 [-1], got INT64 [${shape.join(',')}]` },
      ]);
    }
  });
});

test('of a model without batches has inputs with a default as they are', () => {
  const { manifest } = publication('fixed', '1', new Uint8Array(1), {
    inputs: [{ name: 'x', datatype: 'UINT8', shape: [32, 32, 3] }],
    outputs: [{ name: 'y', datatype: 'BYTES', shape: [4] }],
    optionalInputs: [{ name: 'strict', datatype: 'BOOL', shape: [1] }],
  });
  const { input, output } = modelConfig(manifest, { maxElements: 1000, maxBodyBytes: 1000 });
  expect(input).toEqual([
    { name: 'x', data_type: 'TYPE_UINT8', dims: [32, 32, 3], format: 'FORMAT_NHWC' },
    { name: 'strict', data_type: 'TYPE_BOOL', dims: [1], format: 'FORMAT_NONE', optional: true },
  ]);
  expect(output).toEqual([{ name: 'y', data_type: 'TYPE_STRING', dims: [4] }]);
});

test('of a scalar has one dimension of 1, and a request may have it or not', async () => {
  const { max_batch_size: rows, input } = await configOf('scalar');
  expect([rows, input]).toEqual([
    0,
    [{ name: 't', data_type: 'TYPE_FP32', dims: [1], reshape: { shape: [] }, format: 'FORMAT_NONE' }],
  ]);
  for (const shape of [[], [1]]) {
    const inputs = [{ name: 't', datatype: 'FP32', shape, data: [2.5] }];
    const answer = await pop.send('POST', '/v2/models/scalar/infer', { inputs });
    expect(answer.json()).toMatchObject({ outputs: [{ shape: [], data: [2.5] }] });
  }
});
