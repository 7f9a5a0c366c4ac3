// Which engine answers when a version is judged: LiteRT for its own shapes and for rows that it can take one after the other. The
// converted model here has other weights than onnxruntime's, so that every answer tells who gave it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convertGuarded } from '../../../scripts/convert-litert/convert-guarded.ts';
import { Inspector } from '../../../scripts/inspect/inspector.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { writeModel } from '../../../scripts/onnx/model-file.ts';
import { ServedModel } from '../../../scripts/validation/served-model.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

/** y = factor x, of pictures of one pixel. */
function times(factor: number): Uint8Array<ArrayBuffer> {
  return writeModel(
    model({
      name: 'times',
      opsets: { '': 13 },
      inputs: [tensorValue('x', 1, ['n', 1, 1, 1])],
      outputs: [tensorValue('y', 1, ['n', 1, 1, 1])],
      nodes: [node('Conv', ['x', 'w'], ['y'], { kernel_shape: { ints: [1, 1] } })],
      initializers: [floats('w', [1, 1, 1, 1], [factor])],
    }),
  );
}

const limits = { heapLimitMib: 104, timeoutMs: 60_000 };
const input = (...values: number[]): Tensor => ({
  ...{ name: 'x', datatype: 'FP32', shape: [values.length, 1, 1, 1] },
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const valuesOf = (outputs: readonly Tensor[]) =>
  outputs.map(({ shape, data }) => ({
    rows: shape[0],
    values: [...new Float32Array((data as Uint8Array).slice().buffer)],
  }));

let inspector: Inspector;
beforeAll(async () => {
  inspector = await Inspector.start({ bothEngines: true });
});
afterAll(() => inspector.close());

async function served(rows: number, batched: boolean): Promise<ServedModel> {
  const shape = [rows, 1, 1, 1];
  const converted = await convertGuarded(times(3), { x: shape }, { timeoutMs: 60_000, memoryMib: 2048 });
  if ('refused' in converted) throw new Error(converted.refused);
  const profile = { heapBytes: 1, createMs: 1, runMs: 1 };
  const member = {
    version: '2.5.3',
    inputs: [{ name: 'x', shape }],
    profile,
    timesFaster: 2,
    chosen: 'measured' as const,
  };
  return await ServedModel.load(
    inspector,
    {
      chosen: { artifact: { format: 'onnx', bytes: times(2) }, optimization: 'all', profiles: { lean: profile } },
      signature: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1, 1, 1] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1, 1, 1] }],
        batch: { size: -1, inputs: ['x'], outputs: batched ? ['y'] : [] },
      },
      second: { litert: { bytes: converted.bytes, member }, inspector: async () => inspector },
    },
    'lean',
    limits,
  );
}

describe('a version with LiteRT', () => {
  it('answers as a point of presence does: its shapes in LiteRT, others in onnxruntime', async () => {
    const version = await served(1, true);
    expect(valuesOf(await version.run([input(5)]))).toEqual([{ rows: 1, values: [15] }]);
    expect(valuesOf(await version.run([input(5, 6)]))).toEqual([{ rows: 2, values: [10, 12] }]);
  });

  it('answers rows as if each came alone', async () => {
    const version = await served(1, true);
    expect(valuesOf(await version.runRows([input(5, 6, 7)]))).toEqual([{ rows: 3, values: [15, 18, 21] }]);
  });

  it('fills up the last run of a model that takes several rows', async () => {
    const version = await served(2, true);
    expect(valuesOf(await version.runRows([input(5, 6, 7)]))).toEqual([{ rows: 3, values: [15, 18, 21] }]);
  });

  it('leaves rows together whose answers are not rows', async () => {
    const version = await served(1, false);
    expect(valuesOf(await version.runRows([input(5, 6)]))).toEqual([{ rows: 2, values: [10, 12] }]);
  });
});
