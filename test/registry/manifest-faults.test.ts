// Every fault of a manifest that its schema cannot find, in the words that the publisher reads; and what is no fault.
import { describe, expect, test } from 'vitest';
import type { Baseline } from '../../registry/baseline.ts';
import type { BlobStore } from '../../registry/blob-store.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { blobFaults, nameFaults } from '../../registry/manifest-faults.ts';
import { sampleRelease } from './sample-release.ts';

const { manifest, digest } = await sampleRelease('pump', '1');
const input = (name: string, shape: number[] = [-1, 4]) => ({ name, datatype: 'FP32' as const, shape });
const signature = (inputs: string[], outputs: string[]) => ({
  inputs: inputs.map((name) => input(name)),
  outputs: outputs.map((name) => input(name)),
});
const withLitert = (
  inputs: { name: string; shape: number[] }[],
  tolerance: Record<string, number> = {},
): Manifest['runtime'] => ({
  ...manifest.runtime,
  litert: {
    tolerance,
    version: '2.5.3',
    inputs,
    profile: { heapBytes: 1, createMs: 1, runMs: 1 },
    timesFaster: 1.5,
    chosen: 'measured',
  },
});
const baseline = (inputs: string[], outputs: string[]): Baseline => ({
  reference: { file: 'data.csv', digest, rows: 10 },
  inputs: inputs.map(feature),
  outputs: outputs.map(feature),
});
function feature(tensor: string): Baseline['inputs'][number] {
  const bins = { kind: 'categorical' as const, categories: ['a'] };
  return { name: tensor, tensor, take: 0, bins, counts: { bins: [1, 0], missing: 0, outside: 0 } };
}

describe('names', () => {
  const faulty: [what: string, change: Partial<Manifest>, faults: string[]][] = [
    ['an input twice', { signature: signature(['x', 'x'], ['y']) }, ["signature.inputs: 'x' is there twice"]],
    [
      'an input three times',
      { signature: signature(['x', 'x', 'x'], ['y']) },
      ["signature.inputs: 'x' is there twice"],
    ],
    ['an output twice', { signature: signature(['x'], ['y', 'y']) }, ["signature.outputs: 'y' is there twice"]],
    [
      'a sample for an input that is not there',
      { warmup: [{ name: 'z', shape: [1, 4] }] },
      ["warmup: expected an input of the signature, got 'z'"],
    ],
    [
      'labels for an output that is not there',
      { labels: { z: ['a', 'b'] } },
      ["labels: expected an output of the signature, got 'z'"],
    ],
    ['too few labels', { labels: { y: ['a'] } }, ["labels: expected 2 for output 'y', got 1"]],
    ['too many labels', { labels: { y: ['a', 'b', 'c'] } }, ["labels: expected 2 for output 'y', got 3"]],
    [
      'a baseline of tensors that are not there',
      { baseline: baseline(['y'], ['x']) },
      [
        "baseline.inputs: expected an input of the signature, got 'y'",
        "baseline.outputs: expected an output of the signature, got 'x'",
      ],
    ],
    [
      'limits that do not fit',
      { limits: [{ name: 'z', shape: [1], elements: 1 }] },
      ["limits: expected an input of the signature, got 'z'"],
    ],
    [
      'a sample beyond the limits',
      { limits: [{ name: 'x', shape: [2, null], elements: 8 }], warmup: [{ name: 'x', shape: [3, 4] }] },
      ["warmup: input 'x': axis 0 has 3, the limit is 2"],
    ],
    [
      'a sample that stands for gigabytes of zeros',
      { warmup: [{ name: 'x', shape: [16_000_000, 4] }] },
      ['warmup: expected sample inputs of at most 16777216 bytes together, they take 256000000'],
    ],
    [
      'samples that are too large together',
      {
        signature: signature(['p', 'q'], ['y']),
        warmup: [
          { name: 'p', shape: [1_500_000, 4] },
          { name: 'q', shape: [1_500_000, 4] },
        ],
      },
      ['warmup: expected sample inputs of at most 16777216 bytes together, they take 48000000'],
    ],
    [
      'a sample of very many empty strings',
      {
        signature: { ...manifest.signature, inputs: [{ name: 'x', datatype: 'BYTES', shape: [-1, 2] }] },
        warmup: [{ name: 'x', shape: [1_000_000, 2] }],
      },
      ['warmup: expected sample inputs of at most 16777216 bytes together, they take 128000000'],
    ],
    [
      'a dimension beside a zero that no loop gets to the end of',
      { warmup: [{ name: 'x', shape: [1e15, 0] }] },
      ["warmup: input 'x' [1000000000000000,0]: expected dimensions of at most 16777216"],
    ],
    [
      'a sample with another number of elements than its shape',
      { warmup: [{ name: 'x', shape: [1, 4], data: [1, 2, 3] }] },
      ["warmup: input 'x' [1,4]: expected 4 elements, got 3"],
    ],
    ['a feature twice', { features: ['a', 'a', 'b', 'c'] }, ["features: 'a' is there twice"]],
    [
      'another number of features than columns',
      { features: ['a', 'b', 'c'] },
      ["features: expected one for each column of input 'x' [-1,4], got 3"],
    ],
    [
      'features of an input with other axes than rows and columns',
      { features: ['a', 'b'], signature: { ...manifest.signature, inputs: [input('x', [-1, 2, 2])] } },
      ["features: expected one for each column of input 'x' [-1,2,2], got 2"],
    ],
    [
      'features that are not the inputs',
      { features: ['p', 'r'], signature: signature(['p', 'q'], ['y']), warmup: null },
      [
        "features: expected for each input in its order its name, or one for each of its columns, 'p' FP32 [-1,4], 'q' FP32 [-1,4], got p, r",
      ],
    ],
    [
      'features of only some inputs',
      { features: ['p'], signature: signature(['p', 'q'], ['y']), warmup: null },
      [
        "features: expected for each input in its order its name, or one for each of its columns, 'p' FP32 [-1,4], 'q' FP32 [-1,4], got p",
      ],
    ],
    [
      'a column that is called like an input',
      { features: ['p', 'a', 'b', 'p', 'c'], signature: signature(['p', 'q'], ['y']), warmup: null },
      ["features: 'p' is there twice", "features: 'p' is the name of an input"],
    ],
    [
      'a shape for LiteRT that the signature does not allow',
      { runtime: withLitert([{ name: 'x', shape: [1, 5] }]) },
      ["runtime.litert.inputs: 'x' is [-1,4] in the signature, got [1,5]"],
    ],
    [
      'a shape for LiteRT with other axes',
      { runtime: withLitert([{ name: 'x', shape: [1, 4, 1] }]) },
      ["runtime.litert.inputs: 'x' is [-1,4] in the signature, got [1,4,1]"],
    ],
    [
      'another input for LiteRT than the signature has',
      { runtime: withLitert([{ name: 'z', shape: [1, 4] }]) },
      [
        "runtime.litert.inputs: expected an input of the signature, got 'z'",
        "runtime.litert.inputs: expected 'x' among them, as every request gives it",
      ],
    ],
    [
      'an input for LiteRT twice',
      {
        runtime: withLitert([
          { name: 'x', shape: [1, 4] },
          { name: 'x', shape: [1, 4] },
        ]),
      },
      ["runtime.litert.inputs: 'x' is there twice"],
    ],
    [
      'a tolerance of an output that is not there',
      { runtime: withLitert([{ name: 'x', shape: [1, 4] }], { y: 1, z: 1 }) },
      ["runtime.litert.tolerance: expected an output of the signature, got 'z'"],
    ],
    [
      'an input for LiteRT that is not FP32',
      {
        runtime: withLitert([{ name: 'x', shape: [1, 4] }]),
        signature: { ...manifest.signature, inputs: [{ ...input('x'), datatype: 'INT64' }] },
      },
      ["runtime.litert.inputs: 'x' is INT64, expected FP32"],
    ],
    [
      'a column that is called like another input',
      { features: ['q', 'a', 'b', 'c', 'q'], signature: signature(['p', 'q'], ['y']), warmup: null },
      ["features: 'q' is there twice", "features: 'q' is the name of an input"],
    ],
  ];

  test.each(faulty)('%s is told', (_, change, faults) => {
    expect(nameFaults({ ...manifest, labels: undefined, ...change } as Manifest)).toEqual(faults);
  });

  const sound: [what: string, change: Partial<Manifest>][] = [
    ['the sample release', {}],
    ['no sample input', { warmup: null }],
    ['a shape for LiteRT that the signature allows', { runtime: withLitert([{ name: 'x', shape: [1, 4] }]) }],
    ['a label for each class', { labels: { y: ['a', 'b'] } }],
    [
      'labels of an output with a variable last axis',
      { labels: { y: ['a'] }, signature: { ...manifest.signature, outputs: [input('y', [-1, -1])] } },
    ],
    [
      'labels of a scalar output',
      { labels: { y: ['a'] }, signature: { ...manifest.signature, outputs: [input('y', [])] } },
    ],
    [
      'labels of an output that is called like a member of every object',
      {
        labels: { y: ['a', 'b'] },
        signature: { ...manifest.signature, outputs: [input('y', [-1, 2]), input('constructor')] },
      },
    ],
    ['a feature for each column', { features: ['a', 'b', 'c', 'd'] }],
    [
      'features of a variable number of columns',
      { features: ['a'], signature: { ...manifest.signature, inputs: [input('x', [-1, -1])] } },
    ],
    [
      'features that are the inputs, in another order',
      { features: ['q', 'p'], signature: signature(['p', 'q'], ['y']), warmup: null },
    ],
    [
      'columns of one of several inputs',
      { features: ['p', 'a', 'b', 'c', 'd'], signature: signature(['p', 'q'], ['y']), warmup: null },
    ],
    [
      'the only input as its only feature',
      { features: ['x'], signature: { ...manifest.signature, inputs: [input('x', [-1, 2, 2])] }, warmup: null },
    ],
    ['a baseline of the tensors', { baseline: baseline(['x', 'x'], ['y']) }],
    ['limits that fit', { limits: [{ name: 'x', shape: [2, null], elements: 8 }] }],
  ];

  test.each(sound)('%s is no fault', (_, change) => {
    expect(nameFaults({ ...manifest, ...change } as Manifest)).toEqual([]);
  });
});

describe('blobs', () => {
  const golden = { digest: `sha256:${'a'.repeat(64)}`, bytes: 7 };
  const stored = (bytes: Record<string, number>): BlobStore =>
    ({
      head: async (asked: string) =>
        asked in bytes ? { digest: asked, bytes: bytes[asked] ?? 0, storedAt: new Date(0) } : null,
    }) as unknown as BlobStore;
  const { model } = manifest.artifacts;

  test('that are there with their size are no fault, with and without golden vectors', async () => {
    const blobs = stored({ [digest]: model.bytes, [golden.digest]: 7 });
    expect(await blobFaults(manifest, blobs)).toEqual([]);
    expect(await blobFaults({ ...manifest, artifacts: { model, golden } }, blobs)).toEqual([]);
  });

  test('that are missing or have another size are told, each by its role', async () => {
    const blobs = stored({ [golden.digest]: 8 });
    expect(await blobFaults({ ...manifest, artifacts: { model, golden } }, blobs)).toEqual([
      `artifacts.model: blob ${digest} is not in the registry`,
      `artifacts.golden: expected a blob of 7 bytes, ${golden.digest} has 8`,
    ]);
  });
});
