// Models that draw random numbers: refused by one rule with the cause, or published as what they are.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';
import { findRandomness } from '../../../scripts/publish/find-randomness.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { Workshop } from './workshop.ts';

const { FLOAT, INT32 } = TensorProto_DataType;

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

/** Draws one of two tokens, mostly the same one. */
const sampler = model({
  name: 'sampler',
  opsets: { '': 17 },
  inputs: [tensorValue('logits', FLOAT, ['batch', 2])],
  outputs: [tensorValue('token', INT32, ['batch', 1])],
  nodes: [
    node('Mul', ['logits', 'small'], ['scaled']),
    node('Multinomial', ['scaled'], ['token'], { sample_size: { int: 1 } }),
  ],
  initializers: [floats('small', [], [0.1])],
});

function noisy(attributes: Parameters<typeof node>[3]) {
  return model({
    name: 'noisy',
    opsets: { '': 17 },
    inputs: [tensorValue('x', FLOAT, ['batch', 2])],
    outputs: [tensorValue('y', FLOAT, ['batch', 2])],
    nodes: [node('RandomNormalLike', ['x'], ['noise'], attributes), node('Add', ['x', 'noise'], ['y'])],
  });
}

describe('a model that draws random numbers', () => {
  it('is refused each time, whatever it happens to draw, with the operator and the option', async () => {
    const file = workshop.write('sampler.onnx', sampler);
    for (let time = 0; time < 6; time++) {
      await expect(workshop.publish(file)).rejects.toMatchObject({
        code: 'UNPROCESSABLE',
        message: expect.stringMatching(
          /^sampler\.onnx gives two answers to the same question: it draws random numbers \(Multinomial\)\..*--allow-random/,
        ),
      });
    }
  });

  it('is refused with a fixed seed too: it only fixes the first answer after a load', async () => {
    const file = workshop.write('seeded.onnx', noisy({ seed: { float: 42 } }));
    await expect(workshop.publish(file)).rejects.toMatchObject({
      message: expect.stringContaining('RandomNormalLike'),
    });
  });

  it('is published where that is allowed, each time, without golden vectors and with what it is', async () => {
    for (const [name, source, operator] of [
      ['sampler.onnx', sampler, 'Multinomial'],
      ['noisy.onnx', noisy({}), 'RandomNormalLike'],
    ] as const) {
      const { manifest, notes } = await workshop.publish(workshop.write(name, source), { allowRandom: true });
      expect(manifest.random).toEqual({ operators: [operator] });
      expect(manifest.artifacts.golden).toBeUndefined();
      expect(manifest.artifacts.model.format).toBe('ort');
      expect(manifest.warmup).not.toBeNull();
      // The names of the dimensions say that there is an answer for each record.
      expect(manifest.signature.batch).toMatchObject({ size: -1 });
      expect(notes).toEqual([
        `answers are random: it draws random numbers (${operator}). There are no golden vectors, nothing is cached, and no shadow is compared`,
      ]);
    }
  });

  it('is known by its answers where there is no graph, and only there asked often', async () => {
    const tensor = (value: number): Tensor[] => [
      { name: 'y', datatype: 'FP32', shape: [1], data: new Uint8Array(Float32Array.of(value).buffer) },
    ];
    const samples = [{ inputs: tensor(0), outputs: tensor(1) }];
    let runs = 0;
    const answering = (...values: number[]) => ({
      run: async () => ({ outputs: tensor(values[runs++] ?? 1), heap: { bytes: 0, usedBytes: 0, limitBytes: 0 } }),
    });
    expect(await findRandomness(null, answering(1, 1, 1, 2), samples)).toEqual({ operators: [] });
    runs = 0;
    expect(await findRandomness(null, answering(Number.NaN), samples)).toEqual({ operators: [] });
    runs = 0;
    expect(await findRandomness(null, answering(), samples)).toBeNull();
    expect(runs).toBe(8);
    expect(await findRandomness(null, answering(), [])).toBeNull();
  });
});

const cases = join(projectRoot, '..', 'shared', 'cases', 'random-operators');

describe.skipIf(!existsSync(cases))('published models that were reported', () => {
  it.each(['dropout.onnx', 'multinomial.onnx', 'rnd.onnx', 'rndseed.onnx'])(
    '%s is refused with the cause',
    async (file) => {
      await expect(workshop.publish(join(cases, file))).rejects.toMatchObject({
        code: 'UNPROCESSABLE',
        message: expect.stringMatching(/draws random numbers \((Dropout|Multinomial|RandomNormal\w*)\)/),
      });
      const { manifest } = await workshop.publish(join(cases, file), { allowRandom: true });
      expect(manifest.random?.operators).toHaveLength(1);
    },
  );
});
