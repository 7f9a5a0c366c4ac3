// The engine Worker over HTTP, as the serving Worker calls it.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { differenceOf } from '../../../scripts/checks/engines/answers.ts';
import { residualInput, residualNet } from '../../../scripts/checks/engines/made-nets.ts';
import { runNative } from '../../../scripts/inspect/native.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { type OnnxModel, writeModel } from '../../../scripts/onnx/model-file.ts';
import { Random } from '../../../scripts/random.ts';
import type { RawTensor } from '../../../worker/protocol/raw-frame.ts';
import { toRuntimeTensor } from '../../../worker/runtime/tensors.ts';
import { convertedVersion, LitertEngine } from '../../harness/litert-engine.ts';
import type { SmallPublication } from '../../harness/small-models.ts';

const float32 = 1;

function tensor(shape: readonly number[], values: readonly number[], name = 'x'): RawTensor {
  return { name, elementType: float32, shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

function numbers({ data }: RawTensor): number[] {
  return Array.from(new Float32Array((data as Uint8Array).slice().buffer));
}

const channels = 1024;
const bigShape = [1, channels, 2, 2];
const ones = tensor(bigShape, Array<number>(channels * 4).fill(1));

/** y = value * the sum over the channels of x, by a convolution of 4 MiB, of which XNNPACK makes a copy. */
function bigNet(value: number): OnnxModel {
  const weights = new Float32Array(channels * channels).fill(value);
  return model({
    name: 'big',
    opsets: { '': 17 },
    inputs: [tensorValue('x', float32, bigShape)],
    outputs: [tensorValue('y', float32, bigShape)],
    nodes: [node('Conv', ['x', 'weights'], ['y'])],
    initializers: [floats('weights', [channels, channels, 1, 1], weights)],
  });
}

function big(version: string, value: number, heapBytes = 9 * mebibyte): Promise<SmallPublication> {
  return convertedVersion('big', version, bigNet(value), {
    ...{ output: 'y', shape: bigShape, outputShape: bigShape, heapBytes },
  });
}

describe('the engine Worker', () => {
  let engine: LitertEngine;
  let residual: SmallPublication;
  const random = new Random(7);
  const count = residualInput.reduce<number>((product, size) => product * size, 1);
  const picture = tensor(
    residualInput,
    Array.from({ length: count }, () => random.normal(0, 1)),
  );
  beforeAll(async () => {
    engine = await LitertEngine.start({ MAX_BODY_MIB: '0.25' });
    const shapes = { output: 'probabilities', shape: residualInput, outputShape: [1, 10], heapBytes: 8 * mebibyte };
    residual = await convertedVersion('residual', '1', residualNet(), shapes);
    await engine.put(residual);
  });
  afterAll(() => engine.stop());
  afterEach(async () => {
    // Whatever a test asked for, nothing of it is held afterwards, and the next run is answered.
    expect((await engine.run('residual/1', [picture])).status).toBe(200);
    await expect.poll(async () => Object.values((await engine.state()).memory.held)).toEqual([0, 0, 0, 0, 0]);
  });

  it('answers as onnxruntime does', async () => {
    const sample = async () => [{ ...picture, datatype: 'FP32' as const }];
    const limits = { timeoutMs: 30_000, memoryMib: 2048 };
    const onnx = writeModel(residualNet());
    const { references } = await runNative({ model: onnx, format: 'onnx', convert: false, samples: [sample], limits });
    if ('fault' in references) throw new Error(references.fault);
    const { status, tensors } = await engine.run('residual/1', [picture], ['probabilities']);
    expect(status).toBe(200);
    const expected = (references[0] ?? []).map(toRuntimeTensor);
    expect(differenceOf(expected, tensors)).toMatchObject({ beyondTolerance: 0, elements: 10 });
  });

  it('warms a version and tells its state', async () => {
    expect(await engine.warm('residual/1')).toMatchObject({ status: 200, json: { state: 'READY' } });
    const { versions, heap } = await engine.state();
    expect(versions['residual/1']).toMatchObject({ state: 'READY', profile: 'lean', needBytes: 8 * mebibyte });
    expect(heap).toMatchObject({ running: true, broken: null, budgetBytes: 96 * mebibyte, discardedBytes: 0 });
    expect(heap.usedBytes).toBeLessThan(heap.bytes);
  });

  it('refuses inputs of other shapes, types and names, and outputs that are not there', async () => {
    const refused = async (inputs: readonly RawTensor[], outputs?: readonly string[]) => {
      const { status, json } = await engine.run('residual/1', inputs, outputs);
      return [status, json.code, json.error];
    };
    const name = "model 'residual' version '1'";
    const small = tensor([1, 3, 2, 2], Array<number>(12).fill(0));
    expect(await refused([small])).toEqual([
      ...[400, 'INVALID_ARGUMENT'],
      `${name} refused this input: input 'x': expected float32 [1,3,128,128], got float32 [1,3,2,2]`,
    ]);
    expect(await refused([{ ...picture, elementType: 6 }])).toEqual([
      ...[400, 'INVALID_ARGUMENT'],
      `${name} refused this input: input 'x': expected float32 [1,3,128,128], got int32 [1,3,128,128]`,
    ]);
    expect(await refused([])).toEqual([400, 'INVALID_ARGUMENT', `${name} refused this input: input 'x' is missing`]);
    expect(await refused([picture], ['logits'])).toEqual([
      ...[400, 'INVALID_ARGUMENT'],
      'outputs: expected names of ["probabilities"], got ["logits"]',
    ]);
  });

  it('refuses bodies that are too large or no frames', async () => {
    const path = '/models/residual/versions/1/run';
    expect(await engine.send('POST', path, new Uint8Array(mebibyte))).toMatchObject({
      ...{ status: 413, json: { code: 'TOO_LARGE' } },
    });
    for (const bytes of [[], [1, 0], [200, 0, 0, 0], [2, 0, 0, 0, 0x7b, 0x7d], [1, 0, 0, 0, 0x7b]]) {
      expect(await engine.send('POST', path, Uint8Array.from(bytes))).toMatchObject({
        ...{ status: 400, json: { code: 'INVALID_ARGUMENT' } },
      });
    }
  });

  it('names what is not there: versions, conversions, paths and methods', async () => {
    const plain = { ...residual.manifest, version: '2', runtime: { ...residual.manifest.runtime } };
    const { tflite: _, ...artifacts } = plain.artifacts;
    delete plain.runtime.litert;
    await engine.put({ manifest: { ...plain, artifacts }, blobs: [] });
    const found = async (version: string) => {
      const { status, json } = await engine.run(version, [picture]);
      return [status, json.error];
    };
    expect(await found('residual/9')).toEqual([404, "there is no model 'residual' version '9'"]);
    expect(await found('residual/2')).toEqual([404, "model 'residual' version '2' was not converted for LiteRT"]);
    expect(await found('..%2f..%2fblobs/1')).toMatchObject([404, expect.any(String)]);
    expect((await engine.send('GET', '/models/residual/versions/1/run')).status).toBe(405);
    expect((await engine.send('POST', '/state')).status).toBe(405);
    expect((await engine.send('GET', '/other')).status).toBe(404);
  });

  it('refuses a blob whose bytes are not those of its digest, and loads it once it is whole', async () => {
    const shapes = { output: 'probabilities', shape: residualInput, outputShape: [1, 10], heapBytes: 8 * mebibyte };
    const version = await convertedVersion('residual', '3', residualNet(), shapes);
    await engine.put(version);
    const { digest = '' } = version.manifest.artifacts.tflite ?? {};
    const bytes = version.blobs.find((blob) => blob.digest === digest)?.bytes ?? new Uint8Array();
    await engine.damage(
      digest,
      bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)),
    );
    const { status, json, retryAfter } = await engine.run('residual/3', [picture]);
    expect([status, json.code, Number(retryAfter)]).toEqual([503, 'UNAVAILABLE', 1]);
    expect(json.error).toContain('is corrupt');
    await engine.damage(digest, bytes);
    await expect.poll(async () => (await engine.run('residual/3', [picture])).status, { timeout: 10_000 }).toBe(200);
  });
});

describe('the heap of the engine Worker', () => {
  let engine: LitertEngine;
  beforeEach(async () => {
    engine = await LitertEngine.start({ MEMORY_BUDGET_MIB: '40' });
  });
  afterEach(() => engine.stop());

  const first = async (version: string) => {
    const { status, tensors, json } = await engine.run(version, [ones]);
    const [output] = tensors;
    return output === undefined ? [status, json.error] : numbers(output)[0];
  };
  const loaded = async () => {
    const { versions } = await engine.state();
    return Object.keys(versions).filter((version) => versions[version]?.state === 'READY');
  };

  it('unloads the version that was used longest ago, within its budget, and gives its room back', async () => {
    for (const value of [1, 2, 3, 4, 5]) await engine.put(await big(String(value), value));
    for (const value of [1, 2, 3, 4]) expect(await first(`big/${value}`)).toBe(value * channels);
    expect((await loaded()).sort()).toEqual(['big/1', 'big/2', 'big/3', 'big/4']);
    expect(await first('big/1')).toBe(channels);
    expect(await first('big/5')).toBe(5 * channels);
    const left = await loaded();
    expect(left).not.toContain('big/2');
    expect(left).toContain('big/1');
    const { heap } = await engine.state();
    for (let round = 0; round < 4; round++) {
      for (const value of [1, 2, 3, 4, 5]) expect(await first(`big/${value}`)).toBe(value * channels);
    }
    const after = (await engine.state()).heap;
    expect(after).toMatchObject({ broken: null, replacements: 0 });
    expect(after.bytes).toBeLessThanOrEqual(40 * mebibyte);
    expect(after.usedBytes).toBeLessThan((heap.usedBytes ?? 0) + mebibyte);
  });

  it('loads versions that are asked for at the same time, each once', async () => {
    for (const value of [1, 2, 3]) await engine.put(await big(String(value), value));
    const asked = [1, 2, 3, 1, 2, 3, 1, 2, 3];
    const answers = await Promise.all(asked.map((value) => first(`big/${value}`)));
    expect(answers).toEqual(asked.map((value) => value * channels));
    expect((await engine.state()).heap).toMatchObject({ replacements: 0 });
  });

  it('starts again after a load that lacked memory, and serves the others', async () => {
    const small = await LitertEngine.start({ MEMORY_BUDGET_MIB: '17' });
    const asked = async (version: string) => {
      const { status, tensors, json } = await small.run(version, [ones]);
      return tensors[0] === undefined ? [status, json.error] : numbers(tensors[0])[0];
    };
    try {
      // Their manifests say less than they take: there seems to be room for both, so none gives way.
      for (const value of [1, 2]) await small.put(await big(String(value), value, 5 * mebibyte));
      expect(await asked('big/1')).toBe(channels);
      expect(await asked('big/2')).toBe(2 * channels);
      const { heap } = await small.state();
      expect(heap).toMatchObject({ broken: null, discardedBytes: 0, replacements: 1 });
      expect(await asked('big/1')).toBe(channels);
      expect((await small.state()).heap.bytes).toBeLessThanOrEqual(17 * mebibyte);
    } finally {
      await small.stop();
    }
  });

  it('refuses a version that never fits, and serves the others', async () => {
    await engine.put(await big('1', 1));
    await engine.put(await big('2', 2, 60 * mebibyte));
    expect(await first('big/1')).toBe(channels);
    expect(await first('big/2')).toEqual([503, expect.stringContaining('it needs 60.0 MiB of heap')]);
    expect(await first('big/1')).toBe(channels);
    expect((await engine.state()).heap.replacements).toBe(0);
  });
});

it('refuses wrong settings by name, at the first request', async () => {
  const engine = await LitertEngine.start({ MEMORY_BUDGET_MIB: '12' });
  try {
    const { status, json } = await engine.send('GET', '/state');
    expect([status, json.error]).toEqual([500, expect.stringContaining('MEMORY_BUDGET_MIB')]);
  } finally {
    await engine.stop();
  }
});
