// The whole way of a picture, from file to labels, against native onnxruntime on tensors that Pillow and NumPy made of the same files.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabelScore } from '../../registry/api/task-answers.ts';
import type { ImageStep } from '../../registry/pipeline/image-input.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { unmeasuredManifest } from '../../scripts/checks/unmeasured-manifest.ts';
import { sha256, TestPop } from '../harness/pop.ts';
import { hasZoo, zooFile, zooPath } from './zoo.ts';

const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import PIL, numpy'], { stdio: 'ignore' }).status === 0,
);
const decode: ImageStep = { step: 'decode', formats: ['jpeg', 'png', 'webp'] };
const grey: ImageStep = { step: 'colour', to: 'grey' };
const nchw: ImageStep = { step: 'layout', order: 'nchw', datatype: 'FP32' };

interface RealModel {
  readonly input: string;
  readonly shape: readonly number[];
  readonly output: string;
  readonly classes: number;
  readonly activation: 'softmax' | 'none';
  /** Between `orient` and `layout`. */
  readonly steps: readonly ImageStep[];
}

const realModels: Readonly<Record<string, RealModel>> = {
  'mobilenetv2-fp32': {
    ...{ input: 'input', shape: [3, 224, 224], output: 'output', classes: 1000, activation: 'softmax' },
    steps: [
      { step: 'colour', to: 'rgb' },
      { step: 'resize', fit: 'shortest', size: 256, filter: 'bilinear' },
      { step: 'crop', height: 224, width: 224, margin: 'floor' },
      { step: 'scale', by: 1 / 255 },
      { step: 'normalise', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    ],
  },
  'person-detect-int8': {
    ...{ input: 'input', shape: [1, 96, 96], output: 'output', classes: 2, activation: 'none' },
    steps: [
      grey,
      { step: 'resize', fit: 'fill', height: 96, width: 96, filter: 'bicubic' },
      { step: 'normalise', mean: [127], std: [127.5] },
    ],
  },
  'mnist-8': {
    ...{ input: 'Input3', shape: [1, 28, 28], output: 'Plus214_Output_0', classes: 10, activation: 'softmax' },
    steps: [grey, { step: 'resize', fit: 'fill', height: 28, width: 28, filter: 'lanczos' }],
  },
};

describe.skipIf(!hasZoo || python === undefined)(
  'real models (skipped without ../shared/models or Pillow)',
  { timeout: 120_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'popserve-zoo-'));
    let pop: TestPop;
    beforeAll(async () => {
      const script = fileURLToPath(new URL('picture_tensors.py', import.meta.url));
      const { status, stderr } = spawnSync(python ?? '', [script, zooPath(), folder], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      pop = await TestPop.start();
    }, 60_000);
    afterAll(async () => {
      rmSync(folder, { recursive: true });
      await pop.stop();
    });

    test.each(Object.entries(realModels))('%s', async (name, real) => {
      const pictures = readdirSync(folder).filter((file) => /\.(jpg|png|webp)$/.test(file));
      expect(pictures.length).toBeGreaterThan(10);
      await release(name, real);
      const session = await InferenceSession.create(zooPath(name, 'model.onnx'), { intraOpNumThreads: 1 });
      for (const picture of pictures) {
        const expected = await nativeScores(session, real, readFileSync(join(folder, name, `${picture}.bin`)));
        const file = new Uint8Array(readFileSync(join(folder, picture)));
        const answer = await pop.send('POST', `/v2/models/${name}/infer`, file, { 'content-type': 'image/jpeg' });
        const told = answer.json<LabelScore[]>();
        const best = [...expected.keys()].sort((a, b) => (expected[b] ?? 0) - (expected[a] ?? 0)).slice(0, 5);
        expect([picture, answer.status]).toEqual([picture, 200]);
        for (const [rank, { label, score }] of told.entries()) {
          expect([picture, label, score]).toEqual([
            picture,
            String(best[rank]),
            expect.closeTo(expected[best[rank] ?? 0] ?? 9, 3),
          ]);
        }
      }
    });

    async function release(
      name: string,
      { input, shape, output, classes, activation, steps }: RealModel,
    ): Promise<void> {
      const bytes = zooFile(name, 'model.onnx');
      const labels = Array.from({ length: classes }, (_, index) => String(index));
      const pipeline: Pipeline = {
        ...{ schema: 1, task: 'image-classification' },
        image: { input, steps: [decode, { step: 'orient' }, ...steps, nchw] },
        after: { step: 'classify', output, activation, labels, topK: Math.min(5, classes) },
      };
      const signature = {
        inputs: [{ name: input, datatype: 'FP32' as const, shape: [name === 'mnist-8' ? 1 : -1, ...shape] }],
        outputs: [{ name: output, datatype: 'FP32' as const, shape: [name === 'mnist-8' ? 1 : -1, classes] }],
      };
      const file = { digest: sha256(bytes), bytes: bytes.length };
      const manifest = unmeasuredManifest(name, '1', file, signature, { pipeline });
      await pop.release({ manifest, blobs: [{ digest: file.digest, bytes }] });
    }
  },
);

async function nativeScores(session: InferenceSession, real: RealModel, bytes: Buffer): Promise<Float64Array> {
  const values = new Float32Array(new Uint8Array(bytes).buffer);
  const outputs = await session.run({ [real.input]: new Tensor('float32', values, [1, ...real.shape]) });
  const given = Float64Array.from((outputs[real.output]?.data ?? []) as Float32Array);
  if (real.activation === 'none') return given;
  const most = given.reduce((a, b) => Math.max(a, b));
  const powers = given.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
