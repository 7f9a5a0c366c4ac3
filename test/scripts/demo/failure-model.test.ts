import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession as NativeSession, Tensor as NativeTensor } from 'onnxruntime-node';
import { env, InferenceSession as WebSession, Tensor as WebTensor } from 'onnxruntime-web/wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BoostedTrees, Tree } from '../../../scripts/demo/boosted-trees.ts';
import { demoModel } from '../../../scripts/demo/demo-model.ts';
import { exportFailureModel, featureColumns } from '../../../scripts/demo/failure-model.ts';
import { type Measurement, qualities } from '../../../scripts/demo/failure-modes.ts';
import { generateFleet } from '../../../scripts/demo/fleet-data.ts';
import { modelInputs, predictFailures } from '../../../scripts/demo/predict.ts';
import {
  demoPlan,
  evaluateModel,
  releaseTestData,
  splitFleets,
  trainDemoModel,
} from '../../../scripts/demo/training.ts';
import { originalRecords } from './csv.ts';

/** Training takes some 4 s of an idle processor; others may be using it. */
const trainingTimeoutMs = 180_000;

const committed = readFileSync(demoModel.file);

const leaf = (value: number): Tree => ({ kind: 'leaf', value });

const measurement = fc.record<Measurement>({
  type: fc.constantFrom(...qualities),
  airTemperatureK: fc.integer({ min: 290, max: 310 }),
  processTemperatureK: fc.integer({ min: 300, max: 320 }),
  rotationalSpeedRpm: fc.integer({ min: 1200, max: 2800 }),
  torqueNm: fc.integer({ min: 4, max: 76 }),
  toolWearMin: fc.integer({ min: 0, max: 250 }),
});

/** Two trees by hand: over the product's rank and the torque, and over the wear. */
const small: BoostedTrees = {
  features: Object.keys(featureColumns([])),
  bias: -0.5,
  trees: [
    {
      kind: 'split',
      feature: 0,
      threshold: 1,
      missing: 'high',
      low: leaf(1.25),
      high: { kind: 'split', feature: 4, threshold: 60, missing: 'low', low: leaf(-2), high: leaf(3) },
    },
    { kind: 'split', feature: 5, threshold: 200, missing: 'low', low: leaf(-0.25), high: leaf(0.75) },
  ],
};

function smallProbability({ type, torqueNm, toolWearMin }: Measurement): number {
  const first = type === 'L' ? 1.25 : torqueNm >= 60 ? 3 : -2;
  const logit = -0.5 + first + (toolWearMin >= 200 ? 0.75 : -0.25);
  return 1 / (1 + Math.exp(-logit));
}

describe('exporting trees', () => {
  it('gives a graph that computes what the trees say', async () => {
    const onnx = exportFailureModel(small, {});
    await fc.assert(
      fc.asyncProperty(fc.array(measurement, { minLength: 1, maxLength: 50 }), async (rows) => {
        for (const [row, { failure, probability }] of (await predictFailures(onnx, rows)).entries()) {
          const expected = smallProbability(rows[row] ?? rows[0] ?? healthy);
          expect(probability).toBeCloseTo(expected, 5);
          expect(failure).toBe(expected > 0.5 ? 1 : 0);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('takes an unknown product type as a missing value', async () => {
    const session = await NativeSession.create(exportFailureModel(small, {}));
    const unknown = { ...modelInputs([{ ...healthy, torqueNm: 70 }]), type: new NativeTensor(['Q'], [1, 1]) };
    const { probability } = await session.run(unknown);
    // Missing goes high at the first split: 3 - 0.5 - 0.25.
    expect(Number(probability?.data[1])).toBeCloseTo(1 / (1 + Math.exp(-2.25)), 5);
    await session.release();
  });
});

const healthy: Measurement = {
  type: 'M',
  airTemperatureK: 298.1,
  processTemperatureK: 308.6,
  rotationalSpeedRpm: 1551,
  torqueNm: 42.8,
  toolWearMin: 0,
};

describe('the committed model', () => {
  it('is small and names what a device sends', async () => {
    expect(committed.length).toBeLessThan(300_000);
    const session = await NativeSession.create(committed);
    expect(session.inputNames).toEqual(demoModel.sample.inputs.map(({ name }) => name));
    expect(session.outputNames).toEqual(['failure', 'probability']);
    expect(session.outputMetadata).toMatchObject([
      { type: 'int64', shape: ['batch'] },
      { type: 'float32', shape: ['batch', 2] },
    ]);
    await session.release();
  });

  it('is what the seed gives, figures and all', { timeout: trainingTimeoutMs }, async () => {
    const { onnx, metrics } = await trainDemoModel(demoPlan);
    expect(Buffer.compare(onnx, committed)).toBe(0);
    expect(JSON.parse(readFileSync(join(dirname(demoModel.file), 'metrics.json'), 'utf8'))).toEqual(metrics);
  });

  it('is released with the test data that the seed gives', () => {
    expect(readFileSync(demoModel.testData, 'utf8')).toBe(releaseTestData(demoPlan));
  });

  it('beats a model that never raises an alarm by far', async () => {
    const { f1, rocAuc, accuracy, failures, rows } = await evaluateModel(committed, splitFleets(demoPlan).test);
    expect(rocAuc).toBeGreaterThan(0.95);
    expect(f1).toBeGreaterThan(0.7);
    expect(accuracy).toBeGreaterThan(1 - failures / rows);
  });

  it('tells the two machines of its sample request apart', async () => {
    const [type, ...numeric] = demoModel.sample.inputs;
    const session = await NativeSession.create(committed);
    const feeds = Object.fromEntries(
      numeric.map(({ name, shape, data }) => [name, new NativeTensor('float32', Float32Array.from(data), shape)]),
    );
    const { failure } = await session.run({ ...feeds, type: new NativeTensor([...type.data], type.shape) });
    expect(Array.from(failure?.data as BigInt64Array)).toEqual([0n, 1n]);
    await session.release();
  });

  it.skipIf(originalRecords.length === 0)('ranks the failures of the original data', async () => {
    const { rocAuc, f1 } = await evaluateModel(committed, originalRecords);
    expect(rocAuc).toBeGreaterThan(0.95);
    expect(f1).toBeGreaterThan(0.65);
  });
});

describe('the committed model in the WASM runtime', () => {
  beforeAll(() => {
    env.wasm.numThreads = 1;
  });

  it('answers as in the native one', async () => {
    const rows = generateFleet({ seed: 11, rows: 500 });
    const session = await WebSession.create(committed);
    const feeds = Object.entries(modelInputs(rows)).map(([name, { type, data, dims }]) => {
      const tensor =
        type === 'string' ? new WebTensor(data as string[], dims) : new WebTensor(data as Float32Array, dims);
      return [name, tensor] as const;
    });
    const { failure, probability } = await session.run(Object.fromEntries(feeds));
    for (const [row, native] of (await predictFailures(committed, rows)).entries()) {
      expect(Number(failure?.data[row])).toBe(native.failure);
      expect(Number(probability?.data[2 * row + 1])).toBeCloseTo(native.probability, 6);
    }
    await session.release();
  });
});

describe('training', () => {
  it('gives the same bytes for the same seed and others for the next', { timeout: trainingTimeoutMs }, async () => {
    const plan = { seed: 1, trainSites: 1, testSites: 1, rowsPerSite: 1500 };
    const { onnx } = await trainDemoModel(plan);
    expect(Buffer.compare((await trainDemoModel(plan)).onnx, onnx)).toBe(0);
    expect(Buffer.compare((await trainDemoModel({ ...plan, seed: 2 })).onnx, onnx)).not.toBe(0);
  });
});
