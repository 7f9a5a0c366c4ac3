// The second engine through the real publish: what is taken, and what is refused and why.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Manifest, manifestSchema } from '../../../../registry/manifest.ts';
import { zooModelPath } from '../../../../scripts/checks/bench/zoo.ts';
import { Inspector } from '../../../../scripts/inspect/inspector.ts';
import { floats, model, node, tensorValue } from '../../../../scripts/onnx/build.ts';
import { sameRelease } from '../../../../scripts/publish/same-release.ts';
import { Workshop } from '../workshop.ts';
import { classifierNet, netWith } from './convolution-nets.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

const runtimeOf = ({ runtime }: Manifest) => ({ litert: runtime.litert, refused: runtime.litertRefused });

describe('a model that LiteRT is asked to run', () => {
  it('has the converted model as one more artifact, with its shapes, its profile and how fast it was', async () => {
    const { manifest, blobs } = await workshop.publish(workshop.write('hand.onnx', classifierNet()), {
      engine: 'litert',
    });
    expect(manifestSchema.parse(manifest)).toEqual(manifest);
    const { litert } = manifest.runtime;
    expect(litert).toMatchObject({ inputs: [{ name: 'x', shape: [1, 1, 8, 8] }], chosen: 'by-hand' });
    expect(litert?.timesFaster).toBeGreaterThan(0);
    expect(litert?.profile.heapBytes).toBeGreaterThanOrEqual(manifest.artifacts.tflite?.bytes ?? Infinity);
    expect(litert?.profile.runMs).toBeGreaterThan(0);
    const tflite = blobs.find(({ digest }) => digest === manifest.artifacts.tflite?.digest);
    expect(new TextDecoder().decode(tflite?.bytes.subarray(4, 8))).toBe('TFL3');
    expect(manifest.artifacts.golden).toBeDefined();
  });

  it.each<[string, () => ReturnType<typeof netWith>, string]>([
    [
      'an operator that is not covered',
      () => netWith(node('Round', ['c'], ['y'])),
      'LiteRT cannot run refused.onnx: operator Round is not covered; without --engine litert it is published for onnxruntime',
    ],
    [
      'integers',
      () =>
        model({
          ...{ name: 'integers', opsets: { '': 17 } },
          inputs: [tensorValue('i', 7, ['n', 2])],
          outputs: [tensorValue('y', 7, ['n', 2])],
          nodes: [node('Add', ['i', 'i'], ['y'])],
        }),
      "LiteRT cannot run refused.onnx: input 'i' is INT64, and LiteRT is used for FP32 only; without --engine litert it is published for onnxruntime",
    ],
  ])('is not published for onnxruntime in silence: %s', async (_, net, message) => {
    const file = workshop.write('refused.onnx', net());
    await expect(workshop.publish(file, { engine: 'litert' })).rejects.toMatchObject({
      code: 'UNPROCESSABLE',
      message,
    });
  });
});

describe('a model of which nobody says what runs it', () => {
  it('stays with onnxruntime where an operator is not covered, and says which', async () => {
    const file = workshop.write('uncovered.onnx', netWith(node('ConvTranspose', ['c', 'w'], ['y'])));
    const { manifest } = await workshop.publish(file, { engine: 'auto' });
    expect(runtimeOf(manifest)).toEqual({ litert: undefined, refused: 'operator ConvTranspose is not covered' });
    expect(manifest.artifacts.tflite).toBeUndefined();
  });

  it('stays with onnxruntime where a run is too short for what a call to another Worker costs', async () => {
    const { manifest } = await workshop.publish(workshop.write('short.onnx', classifierNet()), { engine: 'auto' });
    expect(runtimeOf(manifest)).toEqual({
      litert: undefined,
      refused: expect.stringMatching(/^a run takes 0.0\d+ ms, and the call to LiteRT's Worker costs 0.12 ms$/),
    });
  });

  it('pays nothing without a convolution', async () => {
    const start = vi.spyOn(Inspector, 'start');
    const plain = model({
      ...{ name: 'plain', opsets: { '': 17 } },
      inputs: [tensorValue('x', 1, ['n', 2])],
      outputs: [tensorValue('y', 1, ['n', 2])],
      nodes: [node('Add', ['x', 'w'], ['y'])],
      initializers: [floats('w', [2], [1, 2])],
    });
    const { manifest } = await workshop.publish(workshop.write('plain.onnx', plain), { engine: 'auto' });
    expect(runtimeOf(manifest)).toEqual({ litert: undefined, refused: undefined });
    expect(start).not.toHaveBeenCalled();
    start.mockRestore();
  });

  const person = zooModelPath('person-detect-int8');
  it.skipIf(!existsSync(person))(
    'comes to LiteRT where that is much faster, with a tolerance in steps of its integers',
    async () => {
      const { manifest } = await workshop.publish(person, { engine: 'auto' });
      expect(manifest.runtime.litert).toMatchObject({
        chosen: 'measured',
        tolerance: { output: expect.closeTo(0.025) },
      });
      expect(manifest.runtime.litert?.timesFaster).toBeGreaterThan(1.25);
    },
    180_000,
  );
});

describe('a model of which onnxruntime is to run all', () => {
  it('is not tried', async () => {
    const { manifest } = await workshop.publish(workshop.write('ort.onnx', classifierNet()), { engine: 'onnxruntime' });
    expect(runtimeOf(manifest)).toEqual({ litert: undefined, refused: undefined });
  });
});

describe('the release gate', () => {
  it('finds the answers of LiteRT as right as native onnxruntime’s', async () => {
    const rows = Array.from({ length: 9 }, (_, row) => JSON.stringify({ x: picture(row), label: row % 2 }));
    const path = workshop.write('rows.jsonl', rows.join('\n'));
    const validation = { testData: { path }, requirements: [], regressionLimits: [], budgets: {} };
    const file = workshop.write('gate.onnx', classifierNet());
    const { manifest } = await workshop.publish(file, { engine: 'litert', validation });
    expect(manifest.runtime.litert).toBeDefined();
    expect(manifest.evaluation).toMatchObject({ data: { rows: 9 }, native: { rows: 9, agrees: true } });
  });
});

describe('the same file again', () => {
  it('is the same release whatever was measured, but not where the publisher decides otherwise', async () => {
    const file = workshop.write('again.onnx', classifierNet());
    const plain = (await workshop.publish(file, { engine: 'onnxruntime' })).manifest;
    const converted = (await workshop.publish(file, { engine: 'litert' })).manifest;
    expect(sameRelease(plain, converted)).toBe(true);
    expect(sameRelease(converted, plain, 'auto')).toBe(true);
    expect(sameRelease(plain, converted, 'litert')).toBe(false);
    expect(sameRelease(converted, converted, 'litert')).toBe(true);
    expect(sameRelease(converted, plain, 'onnxruntime')).toBe(false);
    expect(sameRelease(plain, plain, 'onnxruntime')).toBe(true);
  });
});

/** One channel of eight rows. */
function picture(seed: number): number[][][] {
  const line = (y: number) => Array.from({ length: 8 }, (_, x) => (((y * 8 + x) * (seed + 3)) % 17) / 17);
  return [Array.from({ length: 8 }, (_, y) => line(y))];
}
