// A real photo that the client shrinks in Chromium before it travels: real models see in it what they see in the whole file.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClassifyAnswer, DetectAnswer } from '../../client/media/index.ts';
import { servePage } from '../../examples/browser/serve.mjs';
import type { ImageStep } from '../../registry/pipeline/image-input.ts';
import { buildClient } from '../../scripts/build/client.ts';
import { projectRoot } from '../../scripts/build/project.ts';
import { chromiumPath, launchChromium } from '../../scripts/checks/console/chromium.ts';
import { TestPop } from '../harness/pop.ts';
import { publication } from '../harness/small-models.ts';
import { hasZoo, zooFile } from './zoo.ts';

const FP32 = 'FP32';

function faces() {
  const signature = {
    inputs: [{ name: 'input', datatype: FP32, shape: [1, 3, 240, 320] }],
    outputs: [
      { name: 'scores', datatype: FP32, shape: [1, 4420, 2] },
      { name: 'boxes', datatype: FP32, shape: [1, 4420, 4] },
    ],
  } as const;
  const steps: ImageStep[] = [
    { step: 'decode', formats: ['jpeg', 'png', 'webp'] },
    { step: 'orient' },
    { step: 'colour', to: 'rgb' },
    { step: 'resize', fit: 'fill', height: 240, width: 320, filter: 'bilinear' },
    { step: 'normalise', mean: [127], std: [128] },
    { step: 'layout', order: 'nchw', datatype: FP32 },
  ];
  return publication('faces', '1', zooFile('ultraface-rfb-320', 'model.onnx'), structuredClone(signature) as never, {
    pipeline: {
      ...{ schema: 1, task: 'object-detection', image: { input: 'input', steps } },
      after: {
        step: 'boxes',
        decode: {
          ...{ form: 'decoded', boxes: 'boxes', scores: 'scores', activation: 'none', background: 'first' },
          ...{ as: 'corners', units: 'share' },
        },
        ...{ labels: ['face'], threshold: 0.7, iou: 0.3, most: 100 },
      },
    },
  });
}

function things() {
  const labels = new TextDecoder().decode(zooFile('mobilenetv2-fp32', 'labels.txt')).trim().split('\n');
  const signature = {
    inputs: [{ name: 'input', datatype: FP32, shape: [-1, 3, 224, 224] }],
    outputs: [{ name: 'output', datatype: FP32, shape: [-1, 1000] }],
  } as const;
  const steps: ImageStep[] = [
    { step: 'decode', formats: ['jpeg', 'png', 'webp'] },
    { step: 'orient' },
    { step: 'colour', to: 'rgb' },
    { step: 'resize', fit: 'shortest', size: 256, filter: 'bilinear' },
    { step: 'crop', height: 224, width: 224, margin: 'floor' },
    { step: 'scale', by: 1 / 255 },
    { step: 'normalise', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    { step: 'layout', order: 'nchw', datatype: FP32 },
  ];
  return publication('things', '1', zooFile('mobilenetv2-fp32', 'model.onnx'), structuredClone(signature) as never, {
    pipeline: {
      ...{ schema: 1, task: 'image-classification', image: { input: 'input', steps } },
      after: { step: 'classify', output: 'output', activation: 'softmax', labels, topK: 5 },
    },
  });
}

describe.skipIf(!hasZoo || chromiumPath === null)('a photo of 94 KB (skipped without the zoo or Chromium)', () => {
  let pop: TestPop;
  let site: Awaited<ReturnType<typeof servePage>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    await buildClient({ declarations: false });
    site = await servePage(0);
    pop = await TestPop.start({ CORS_ORIGINS: new URL(site.url).origin });
    await pop.release(faces());
    await pop.release(things());
    browser = await launchChromium(chromiumPath ?? '');
    page = await browser.newPage();
    await page.goto(`${site.url}pictures?pop=${pop.pop.url.origin}&model=things`);
    const functions = join(projectRoot, 'test', 'client', 'media', 'pictures-in-page.js');
    await page.addScriptTag({ type: 'module', content: await readFile(functions, 'utf8') });
    await page.waitForFunction('globalThis.askAboutFile');
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.allSettled([site?.stop(), pop?.stop()]);
  });

  const ask = <A>(call: string, model: string, options = {}) => {
    const file = Buffer.from(zooFile('ultraface-rfb-320', 'images', '3.jpg')).toString('base64');
    const given = [pop.pop.url.origin, call, model, file, options].map((value) => JSON.stringify(value)).join();
    return page.evaluate<A>(`askAboutFile(${given})`);
  };
  /** The whole file, the shrunk picture, and a run in the page. */
  const ways = [{ shrink: false }, {}, { at: 'local' }];

  test('has the same faces in the same places', async () => {
    const answers: DetectAnswer[] = [];
    for (const way of ways) answers.push(await ask('detect', 'faces', way));
    const [whole, ...others] = answers.map(({ objects }) => objects);
    expect(whole).toHaveLength(5);
    for (const objects of others) {
      expect(objects).toHaveLength(5);
      // The picture is 1024 pixels wide.
      for (const { score, box } of whole ?? []) {
        const same = objects.find((other) => Math.abs(other.box.xmin - box.xmin) < 3);
        expect(Math.abs((same?.score ?? 0) - score)).toBeLessThan(0.001);
        for (const side of ['ymin', 'xmax', 'ymax'] as const)
          expect(Math.abs((same?.box[side] ?? Number.NaN) - box[side])).toBeLessThan(3);
      }
    }
  });

  test('shows the same things', async () => {
    const answers: ClassifyAnswer[] = [];
    for (const way of ways) answers.push(await ask('classify', 'things', way));
    const [whole, ...others] = answers.map(({ labels }) => labels);
    for (const labels of others) {
      expect(labels.map(({ label }) => label)).toEqual(expect.arrayContaining([whole?.[0]?.label, whole?.[1]?.label]));
      expect(labels[0]?.label).toBe(whole?.[0]?.label);
      // The net is sure of nothing in this photo, and moves by as much for a JPEG of another quality.
      expect(Math.abs((labels[0]?.score ?? 0) - (whole?.[0]?.score ?? 1))).toBeLessThan(0.12);
    }
  });
});
