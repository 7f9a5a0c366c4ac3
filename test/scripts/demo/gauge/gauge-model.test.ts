// The demo's picture model: drawn, trained, exported, and what is committed of it.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { sha256Digest } from '../../../../registry/digests.ts';
import { manifestSchema } from '../../../../registry/manifest.ts';
import type { Pipeline } from '../../../../registry/pipeline/pipeline.ts';
import { runtimeVersion } from '../../../../scripts/build/derive-runtime.ts';
import { projectRoot } from '../../../../scripts/build/project.ts';
import { demoPictureModel } from '../../../../scripts/demo/demo-model.ts';
import { drawGauge, readingOf, readings } from '../../../../scripts/demo/gauge/draw-gauge.ts';
import { gaugePlan, testGauges, trainGaugeModel } from '../../../../scripts/demo/gauge/training.ts';
import { Random } from '../../../../scripts/random.ts';
import { preparePictures } from '../../../../worker/pipeline/prepare-pictures.ts';

const committed = readFileSync(demoPictureModel.file);
const manifest = manifestSchema.parse(JSON.parse(readFileSync(demoPictureModel.manifest, 'utf8')));

describe('drawn gauges', () => {
  it('are of each reading, never near a limit, and the same for the same seed', () => {
    const draw = () => {
      const random = new Random(11);
      return Array.from({ length: 60 }, () => drawGauge(random));
    };
    const drawn = draw();
    for (const reading of readings) {
      expect(drawn.filter((gauge) => gauge.reading === reading).length).toBeGreaterThan(8);
    }
    for (const { value, reading } of drawn) {
      expect(readingOf(value)).toBe(reading);
      expect(Math.min(Math.abs(value - 0.25), Math.abs(value - 0.75))).toBeGreaterThanOrEqual(0.02);
    }
    expect(draw()).toEqual(drawn);
  });
});

describe('training', () => {
  it('gives the same file for the same seed, and another for another', { timeout: 60_000 }, () => {
    const plan = { seed: 3, trainPictures: 24, testPictures: 0, epochs: 1 };
    const first = trainGaugeModel(plan);
    expect(Buffer.compare(trainGaugeModel(plan), first)).toBe(0);
    expect(Buffer.compare(trainGaugeModel({ ...plan, seed: 4 }), first)).not.toBe(0);
  });
});

describe('the committed model', () => {
  it('is small, and what its manifest names', async () => {
    expect(committed.length).toBeLessThan(200_000);
    const { model, golden } = manifest.artifacts;
    expect(model).toEqual({ digest: await sha256Digest(committed), bytes: committed.length, format: 'onnx' });
    const vectors = readFileSync(demoPictureModel.golden);
    expect(golden).toEqual({ digest: await sha256Digest(vectors), bytes: vectors.length });
    expect(manifest.runtime.onnxruntime).toBe(runtimeVersion);
    expect(readFileSync(demoPictureModel.picture).length).toBeLessThan(60_000);
  });

  it('was released through the gate', () => {
    expect(manifest.pipeline).toMatchObject({ task: 'image-classification', after: { labels: [...readings] } });
    expect(manifest.evaluation).toMatchObject({
      ...{ task: 'multiclass', classes: [...readings], native: { agrees: true } },
      ...{ data: { rows: gaugePlan.testPictures }, gate: { requirements: ['accuracy>=0.95'] } },
    });
  });

  it('reads the pictures of the gate as its evaluation says', { timeout: 60_000 }, async () => {
    const { image } = manifest.pipeline as Extract<Pipeline, { task: 'image-classification' }>;
    const session = await InferenceSession.create(committed, { intraOpNumThreads: 1 });
    const gauges = testGauges(gaugePlan);
    let right = 0;
    for (const { picture, reading } of gauges) {
      const { data, shape } = preparePictures([picture], image);
      const values = new Float32Array((data as Uint8Array<ArrayBuffer>).buffer);
      const { shares } = await session.run({ pixels: new Tensor('float32', values, shape) });
      const found = Array.from((shares as Tensor).data as Float32Array);
      if (readings[found.indexOf(Math.max(...found))] === reading) right++;
    }
    await session.release();
    expect(right / gauges.length).toBeCloseTo(manifest.evaluation?.metrics.accuracy ?? 0, 4);
  });

  it('lies where the package takes it from', () => {
    for (const file of [demoPictureModel.file, demoPictureModel.manifest, demoPictureModel.picture]) {
      expect(relative(projectRoot, file)).toMatch(/^scripts\/demo\/model\//);
    }
  });
});
