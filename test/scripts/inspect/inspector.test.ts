// The inspection process: what it says that a run took, and how a run ends that takes too long.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Inspector } from '../../../scripts/inspect/inspector.ts';
import { WasmModel } from '../../../scripts/inspect/wasm-model.ts';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { writeModel } from '../../../scripts/onnx/model-file.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';

let inspector: Inspector;
beforeAll(async () => {
  inspector = await Inspector.start();
});
afterAll(() => inspector.close());

/** y = x x, x [n, n]: the work grows with the cube of n. */
const square = writeModel(
  model({
    name: 'square',
    opsets: { '': 17 },
    inputs: [tensorValue('x', TensorProto_DataType.FLOAT, ['n', 'n'])],
    outputs: [tensorValue('y', TensorProto_DataType.FLOAT, ['n', 'n'])],
    nodes: [node('MatMul', ['x', 'x'], ['y'])],
  }),
);

const options = { format: 'onnx', profile: 'lean', optimization: 'all', heapLimitMib: 104, timeoutMs: 60_000 } as const;

function matrix(size: number) {
  const data = new Uint8Array(new Float32Array(size * size).fill(1).buffer);
  return [{ name: 'x', datatype: 'FP32', shape: [size, size], data }] as const;
}

describe.runIf(process.platform === 'linux')('the time on the processor', () => {
  it('is that of the run, and no longer than the time that went by', async () => {
    const loaded = await WasmModel.load(inspector, square, options);
    const started = performance.now();
    const small = await loaded.measure(matrix(8), { cpuMs: 60_000, timeoutMs: 60_000 });
    const large = await loaded.measure(matrix(600), { cpuMs: 60_000, timeoutMs: 60_000 });
    expect(large.cpuMs).toBeGreaterThan(20);
    expect(large.cpuMs).toBeGreaterThan(2 * (small.cpuMs ?? 0));
    expect(large.cpuMs).toBeLessThan(performance.now() - started);
  });

  it('ends a run, however little of the time on the clock is over, and the next one finds a fresh process', async () => {
    const loaded = await WasmModel.load(inspector, square, options);
    const endless = loaded.measure(matrix(1500), { cpuMs: 30, timeoutMs: 60_000 });
    await expect(endless).rejects.toMatchObject({
      kind: 'timeout',
      message: 'no answer within 0.03 s on the processor',
    });
    expect((await loaded.run(matrix(2))).outputs[0]?.shape).toEqual([2, 2]);
  });
});

it('ends a run by the clock', async () => {
  const loaded = await WasmModel.load(inspector, square, options);
  const late = loaded.measure(matrix(1500), { cpuMs: 60_000, timeoutMs: 50 });
  await expect(late).rejects.toMatchObject({ kind: 'timeout', message: 'no answer within 0.05 s' });
});
