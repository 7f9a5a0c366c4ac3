import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Digest } from '../../../registry/digests.ts';
import { type Manifest, manifestSchema } from '../../../registry/manifest.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import type { Artifact } from '../../../scripts/inspect/artifact.ts';
import { floats, integers, mlDomain, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { type OnnxModel, writeModel } from '../../../scripts/onnx/model-file.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';
import { chooseArtifact } from '../../../scripts/publish/choose-artifact.ts';
import { sameRelease } from '../../../scripts/publish/same-release.ts';
import type { Publication } from '../../../scripts/validation/publication.ts';
import { warmupTensors } from '../../../worker/runtime/tensors.ts';
import { linearClassifier } from '../../harness/small-models.ts';
import { Workshop } from '../publish/workshop.ts';
import { classifier } from './classifiers.ts';

const { FLOAT, INT64, STRING } = TensorProto_DataType;

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

/** y = x W, W [size, size] */
function matMul(size: number, weight = (index: number) => ((index * 7919) % 13) / 13 - 0.5): OnnxModel {
  return model({
    name: 'matmul',
    opsets: { '': 17 },
    inputs: [tensorValue('x', FLOAT, ['batch', size])],
    outputs: [tensorValue('y', FLOAT, ['batch', size])],
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    initializers: [
      floats(
        'w',
        [size, size],
        Array.from({ length: size * size }, (_, index) => weight(index)),
      ),
    ],
  });
}

/** y = table[i], the table has four rows. */
function gather(): OnnxModel {
  return model({
    name: 'gather',
    opsets: { '': 17 },
    inputs: [tensorValue('i', INT64, ['batch', 2])],
    outputs: [tensorValue('y', INT64, ['batch', 2])],
    nodes: [node('Gather', ['table', 'i'], ['y'])],
    initializers: [integers('table', [4], [10, 20, 30, 2 ** 60])],
  });
}

/** Takes 77 values and no other number of them. */
function seventySeven(): OnnxModel {
  return model({
    name: 'reshape',
    opsets: { '': 17 },
    inputs: [tensorValue('x', FLOAT, ['length'])],
    outputs: [tensorValue('y', FLOAT, [7, 11])],
    nodes: [node('Reshape', ['x', 'shape'], ['y'])],
    initializers: [integers('shape', [2], [7, 11])],
  });
}

interface GoldenBlob {
  cases: { inputs: { name: string; shape: number[]; data: number[] }[]; outputs: { name: string; data: number[] }[] }[];
}

function goldenOf({ manifest, blobs }: Publication): GoldenBlob {
  const blob = blobs.find(({ digest }) => digest === manifest.artifacts.golden?.digest);
  return JSON.parse(new TextDecoder().decode(blob?.bytes));
}

describe('preparing a publication', () => {
  it('converts, checks and measures a model, and names what it publishes by digest', async () => {
    const published = await workshop.publish(workshop.write('small.onnx', matMul(8)), { metadata: { author: 'us' } });
    const { manifest, blobs, notes } = published;
    expect(manifestSchema.parse(manifest)).toEqual(manifest);
    expect(notes).toEqual([]);
    expect(manifest.limits).toBeUndefined();
    expect(manifest.artifacts.model.format).toBe('ort');
    for (const { digest, bytes } of blobs) expect(await sha256Digest(bytes)).toBe(digest);
    expect(blobs.map(({ digest }) => digest)).toEqual([
      manifest.artifacts.model.digest,
      manifest.artifacts.golden?.digest,
    ]);
    expect(manifest.signature).toEqual({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 8] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 8] }],
      batch: { size: -1, inputs: ['x'], outputs: ['y'] },
    });
    expect(manifest.source.file).toBe('small.onnx');
    expect(manifest.metadata).toEqual({ author: 'us' });
    for (const profile of [manifest.runtime.profiles.lean, manifest.runtime.profiles.fast]) {
      expect(profile?.heapBytes).toBeGreaterThanOrEqual(manifest.artifacts.model.bytes);
    }
  });

  it('measures what a small model needs, though it would fit into the holes of a fresh heap', async () => {
    const { manifest } = await workshop.publish(workshop.write('holes.onnx', matMul(600)));
    const { lean, fast } = manifest.runtime.profiles;
    const weights = 600 * 600 * 4;
    expect(lean?.heapBytes).toBeGreaterThan(weights);
    // Prepacked weights are a second copy; sizes are seen in steps of 1 MiB.
    expect(fast?.heapBytes).toBeGreaterThanOrEqual((lean?.heapBytes ?? 0) + mebibyte);
  });

  it('keeps golden vectors of two samples, the second a batch of two, with the answers of the model', async () => {
    const identity = matMul(3, (index) => (index % 4 === 0 ? 2 : 0));
    const { cases } = goldenOf(await workshop.publish(workshop.write('double.onnx', identity)));
    expect(cases.map(({ inputs }) => inputs[0]?.shape)).toEqual([
      [1, 3],
      [2, 3],
    ]);
    for (const { inputs, outputs } of cases) {
      expect(outputs[0]?.data).toEqual(inputs[0]?.data.map((value) => value * 2));
    }
  });

  it('gives the same release again, byte for byte', async () => {
    const file = workshop.write('again.onnx', matMul(8));
    const [first, second] = [await workshop.publish(file), await workshop.publish(file)];
    expect(second.manifest.artifacts).toEqual(first.manifest.artifacts);
    expect(second.manifest.warmup).toEqual(first.manifest.warmup);
    expect(sameRelease(first.manifest, second.manifest)).toBe(true);
    const other = await workshop.publish(
      workshop.write(
        'again.onnx',
        matMul(8, () => 1),
      ),
    );
    expect(sameRelease(first.manifest, other.manifest)).toBe(false);
  });

  it('writes a warm-up that the Worker turns into tensors', async () => {
    const { manifest } = await workshop.publish(workshop.write('gather.onnx', gather()));
    expect(warmupTensors(manifest)?.map(({ name, datatype, shape }) => ({ name, datatype, shape }))).toEqual([
      { name: 'i', datatype: 'INT64', shape: [1, 2] },
    ]);
    expect(manifest.warmup?.[0]?.data).toHaveLength(2);
  });

  it('takes the sample inputs that are given, with all digits', async () => {
    const request = (rows: string) =>
      `{"inputs": [{"name": "i", "shape": [1, 2], "datatype": "INT64", "data": ${rows}}]}`;
    const inputsFile = workshop.write('inputs.json', `[${request('[3, 0]')}, ${request('[[1, 2]]')}]`);
    const published = await workshop.publish(workshop.write('gather.onnx', gather()), { inputsFile });
    const { cases } = goldenOf(published);
    expect(cases.map(({ inputs }) => inputs[0]?.data)).toEqual([
      [3, 0],
      [1, 2],
    ]);
    const golden = new TextDecoder().decode(published.blobs[1]?.bytes);
    expect(golden).toContain(String(2n ** 60n));
    expect(published.manifest.warmup?.[0]?.data).toEqual([3, 0]);
  });

  it.each([
    [
      'of another name',
      '{"inputs": [{"name": "j", "shape": [1, 2], "datatype": "INT64", "data": [0, 0]}]}',
      "input 'j'",
    ],
    [
      'of another shape',
      '{"inputs": [{"name": "i", "shape": [2], "datatype": "INT64", "data": [0, 0]}]}',
      'INT64 [-1,2]',
    ],
    ['that are no JSON', '[{"inputs":', 'expected JSON'],
    ['without a request', '[]', 'at least one'],
    ['that are not UTF-8', Buffer.from('{"inputs":[],"id":"\xe9"}', 'latin1'), 'wrong.json: it is not UTF-8 text'],
  ])('refuses sample inputs %s and says why', async (_, text, words) => {
    const options = { inputsFile: workshop.write('wrong.json', text) };
    await expect(workshop.publish(workshop.write('gather.onnx', gather()), options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(words),
    });
  });

  it('refuses a model that does not run on the sample inputs given', async () => {
    const text = '{"inputs": [{"name": "i", "shape": [1, 2], "datatype": "INT64", "data": [0, 9]}]}';
    const options = { inputsFile: workshop.write('beyond.json', text) };
    await expect(workshop.publish(workshop.write('gather.onnx', gather()), options)).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      message: expect.stringMatching(/request 1: .*idx=9/),
    });
  });

  it('publishes a model that takes none of the generated inputs as it is, and asks for --inputs', async () => {
    const file = workshop.write('reshape.onnx', seventySeven());
    const { manifest, notes, blobs } = await workshop.publish(file);
    expect(manifest.artifacts.model).toMatchObject({ format: 'onnx', digest: manifest.source.digest });
    expect(manifest.warmup).toBeNull();
    expect(blobs).toHaveLength(1);
    expect(notes.join()).toMatch(/^not checked: .*--inputs FILE/);
    expect(manifest.notes).toEqual(notes);
    await expect(workshop.publish(file, { format: 'ort' })).rejects.toMatchObject({ code: 'UNPROCESSABLE' });
  });

  it('leaves the file alone where that is asked for', async () => {
    const { manifest, notes } = await workshop.publish(workshop.write('as-is.onnx', matMul(4)), { format: 'onnx' });
    expect(manifest.artifacts.model).toMatchObject({ format: 'onnx', digest: manifest.source.digest });
    expect(manifest.artifacts.golden).toBeDefined();
    expect(notes).toEqual([]);
  });

  it('tells classes that share a name apart by their numbers', async () => {
    const labels = workshop.write('twins.txt', 'crane\ncrane\n');
    const file = workshop.write('classifier.onnx', classifier(0));
    const { manifest } = await workshop.publish(file, { labels: [{ output: 'probability', file: labels }] });
    expect(manifest.labels).toEqual({ probability: ['crane (0)', 'crane (1)'] });
    expect(manifest.notes?.join()).toContain('share names with others');
  });

  it('strips a ZipMap, says so, and keeps the class labels', async () => {
    const labels = { classlabels_strings: { strings: ['bad', 'good'] } };
    const zipped = model({
      name: 'classifier',
      opsets: { [mlDomain]: 1 },
      inputs: [tensorValue('x', FLOAT, ['n', 2])],
      outputs: [tensorValue('label', STRING, ['n']), tensorValue('probabilities', FLOAT, ['n', 2])],
      nodes: [linearClassifier(labels), node('ZipMap', ['scores'], ['probabilities'], labels, mlDomain)],
    });
    const { manifest, notes } = await workshop.publish(workshop.write('classifier.onnx', zipped));
    expect(manifest.labels).toEqual({ probabilities: ['bad', 'good'] });
    expect(manifest.signature.outputs).toContainEqual({ name: 'probabilities', datatype: 'FP32', shape: [-1, 2] });
    expect(manifest.artifacts.model.digest).not.toBe(manifest.source.digest);
    expect(notes.join()).toContain("ZipMap behind output 'probabilities'");
  });

  it('publishes the .onnx, with a note, where the converted model answers differently', async () => {
    const original = await workshop.publish(workshop.write('original.onnx', matMul(4)), { format: 'onnx' });
    const other = await workshop.publish(
      workshop.write(
        'other.onnx',
        matMul(4, () => 1),
      ),
    );
    const { cases } = goldenOf(original);
    const samples = cases.map(({ inputs, outputs }) => ({
      inputs: inputs.map(({ data, shape }) => tensor('x', shape, data)),
      outputs: outputs.map(({ data }, index) => tensor('y', inputs[index]?.shape ?? [], data)),
    }));
    const candidates: Artifact[] = [
      { format: 'ort', bytes: other.blobs[0]?.bytes ?? new Uint8Array() },
      { format: 'onnx', bytes: writeModel(matMul(4)) },
    ];
    const limits = { memoryBudgetMib: 104, timeoutMs: 30_000, tolerance: { absolute: 1e-3, relative: 1e-3 } };
    const notes: string[] = [];
    const { inspector } = workshop;
    const chosen = await chooseArtifact(inspector, candidates, samples, limits, (note) => notes.push(note));
    expect(chosen.artifact.format).toBe('onnx');
    expect(notes.join()).toMatch(/converted to ORT format is not used: output 'y' differs at/);
    const wrong = chooseArtifact(inspector, candidates.slice(0, 1), samples, limits, () => {});
    await expect(wrong).rejects.toMatchObject({ code: 'UNPROCESSABLE' });
  });

  it('offers only the profiles that fit, and refuses a model that needs more than the isolate has', async () => {
    const file = workshop.write('large.onnx', matMul(2048));
    const weights = 2048 * 2048 * 4;
    const fitting = await workshop.publish(file, { memoryBudgetMib: 40 });
    expect(fitting.manifest.runtime.profiles.fast).toBeUndefined();
    expect(fitting.manifest.runtime.profiles.lean?.heapBytes).toBeGreaterThan(weights);
    expect(fitting.manifest.runtime.profiles.lean?.heapBytes).toBeLessThan(weights * 1.3);
    expect(fitting.notes.join()).toContain("profile 'fast' does not fit");
    await expect(workshop.publish(file, { memoryBudgetMib: 24 })).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      message: expect.stringMatching(/needs more memory than an isolate has: .*24.0 MiB/),
    });
  });

  it('names a file that is not there', async () => {
    await expect(workshop.publish('/nowhere/model.onnx')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('/nowhere/model.onnx'),
    });
  });
});

describe('how large the inputs may be', () => {
  /** The greatest sum of two of n values: n * n sums at once. */
  const pairs = model({
    name: 'pairs',
    opsets: { '': 17 },
    inputs: [tensorValue('x', FLOAT, ['length'])],
    outputs: [tensorValue('y', FLOAT, [])],
    nodes: [
      node('Unsqueeze', ['x', 'last'], ['column']),
      node('Add', ['column', 'x'], ['sums']),
      node('ReduceMax', ['sums'], ['y'], { keepdims: { int: 0 } }),
    ],
    initializers: [integers('last', [1], [1])],
  });

  it('is what fits into memory, with the reason in a note, and publishing goes on', async () => {
    const options = { memoryBudgetMib: 40, probeLimitMs: 20_000 };
    const { manifest, notes } = await workshop.publish(workshop.write('pairs.onnx', pairs), options);
    // 4 bytes for each of n * n sums: 16 MiB at 2048, 36 MiB at 3072.
    const most = manifest.limits?.[0]?.elements ?? 0;
    expect(most).toBeGreaterThan(1400);
    expect(most).toBeLessThan(3072);
    expect(manifest.limits).toEqual([{ name: 'x', shape: [most], elements: most }]);
    expect(notes).toEqual([
      'no output has a row for each record: a request holds one record, whose values are the whole inputs',
      `inputs are limited to 'x' [${most}] and ${most} elements: a larger 'length' needs more memory than the isolate has`,
    ]);
    expect(manifest.warmup).not.toBeNull();
    const { clock, limitMs, limitBytes, series } = manifest.costs ?? {};
    expect({ clock, limitMs, limitBytes }).toEqual({
      clock: process.platform === 'linux' ? 'processor' : 'wall',
      limitMs: 20_000,
      limitBytes: 40 * mebibyte,
    });
    // The runs that the limit comes from, the last of which is of the largest size allowed.
    expect(series?.map(({ moved }) => moved)).toEqual([['length']]);
    expect(series?.[0]?.points.at(-1)?.shape).toEqual([most]);
    expect(series?.[0]?.points.at(-1)?.heapBytes).toBeLessThanOrEqual(40 * mebibyte);
  });

  it('lets in half a minute of sound and a thousand rows where the model takes them', async () => {
    const energy = model({
      name: 'energy',
      opsets: { '': 17 },
      inputs: [tensorValue('sound', FLOAT, ['batch', 'samples'])],
      outputs: [tensorValue('energy', FLOAT, ['batch'])],
      nodes: [
        node('Mul', ['sound', 'sound'], ['squares']),
        node('ReduceMean', ['squares'], ['energy'], { axes: { ints: [1] }, keepdims: { int: 0 } }),
      ],
    });
    const { manifest } = await workshop.publish(workshop.write('energy.onnx', energy), { probeLimitMs: 2000 });
    const limit = manifest.limits?.[0];
    expect(limit?.shape[0]).toBeGreaterThanOrEqual(1000);
    expect(limit?.shape[1]).toBeGreaterThanOrEqual(480_000);
    expect(limit?.elements).toBeGreaterThanOrEqual(480_000);
  });

  it('is what the publisher decides, generated samples included', async () => {
    const maxDims = [{ name: 'length', size: 3 }];
    const { manifest } = await workshop.publish(workshop.write('pairs.onnx', pairs), { maxDims, probeLimitMs: 20_000 });
    expect(manifest.limits).toEqual([{ name: 'x', shape: [3], elements: 3, given: [0] }]);
    expect(manifest.warmup?.[0]?.shape).toEqual([3]);
  });

  it('is not below a sample input that was given, and not of a dimension that is not there', async () => {
    const request = { inputs: [{ name: 'x', datatype: 'FP32', shape: [6], data: [1, 2, 3, 4, 5, 6] }] };
    const inputsFile = workshop.write('six.json', JSON.stringify(request));
    const file = workshop.write('pairs.onnx', pairs);
    await expect(workshop.publish(file, { inputsFile, maxDims: [{ name: null, size: 5 }] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining("request 1: input 'x': axis 0 has 6, --max-dim allows 5"),
    });
    await expect(workshop.publish(file, { maxDims: [{ name: 'm', size: 5 }] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: "--max-dim m: the model's variable dimensions are 'length'",
    });
  });
});

describe('the same release', () => {
  let manifest: Manifest;
  beforeAll(async () => {
    ({ manifest } = await workshop.publish(workshop.write('same.onnx', matMul(2))));
  });

  it('may differ in what was measured', () => {
    const lean = { heapBytes: 1, createMs: 2, runMs: 3 };
    const { golden: _, ...artifacts } = manifest.artifacts;
    const limits = [{ name: 'x', shape: [7, null], elements: 14 }];
    const measured = {
      ...manifest,
      limits,
      artifacts,
      runtime: { ...manifest.runtime, profiles: { lean }, litertRefused: '0.96 times as fast' },
      notes: ['x'],
      costs: { clock: 'wall' as const, limitMs: 1, limitBytes: 1, series: [] },
    };
    expect(sameRelease(manifest, measured)).toBe(true);
  });

  it.each<[string, (fresh: Manifest) => Partial<Manifest>]>([
    ['version', () => ({ version: '2' })],
    ['source', ({ source }) => ({ source: { ...source, digest: `sha256:${'0'.repeat(64)}` } })],
    ['model', ({ artifacts }) => ({ artifacts: { ...artifacts, model: { ...artifacts.model, bytes: 1 } } })],
    ['onnxruntime', ({ runtime }) => ({ runtime: { ...runtime, onnxruntime: '2.0.0' } })],
    ['metadata', () => ({ metadata: { author: 'them' } })],
    ['limits that were decided', () => ({ limits: [{ name: 'x', shape: [7, null], elements: 14, given: [0] }] })],
    ['labels', () => ({ labels: { y: ['a'] } })],
    ['tolerance', () => ({ tolerance: { absolute: 0, relative: 0 } })],
  ])('may not differ in its %s', (_, change) => {
    expect(sameRelease(manifest, { ...manifest, ...change(manifest) })).toBe(false);
  });
});

function tensor(name: string, shape: readonly number[], data: readonly number[]) {
  return { name, datatype: 'FP32' as const, shape, data: new Uint8Array(Float32Array.from(data).buffer) };
}
