// A detector is judged by a folder of pictures with annotations, over a real PoP: every box of its answers is known.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Manifest } from '../../../../registry/manifest.ts';
import { writeModel } from '../../../../scripts/onnx/model-file.ts';
import { preparePublication } from '../../../../scripts/validation/prepare-publication.ts';
import { detectorGraph } from '../../../harness/pictures/box-model.ts';
import { png } from '../../../harness/pictures/encoders.ts';
import { TestPop } from '../../../harness/pop.ts';
import { runCommand } from '../captured-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-detector-'));
const file = join(folder, 'best.onnx');
const data = join(folder, 'val');

/**
 * In every picture of 20x10 a cat at 7.5, 2.5 to 12.5, 7.5 and a dog at 11.25, 3.75 to 13.75, 6.25: columns in an input of 48x64, into
 * which the pictures are letterboxed.
 */
const values = [32, 40, 24, 24, 16, 8, 16, 8, 0.9, 0.1, 0.05, 0.2];
const metadata = { task: 'detect', stride: '32', imgsz: '[48, 64]', names: "{0: 'cat', 1: 'dog'}" };
const annotations = {
  images: [
    { id: 7, file_name: 'one.png', width: 20, height: 10 },
    { id: 8, file_name: 'two.png', width: 20, height: 10 },
  ],
  annotations: [
    { id: 1, image_id: 7, category_id: 3, bbox: [7.5, 2.5, 5, 5], area: 25, iscrowd: 0 },
    { id: 2, image_id: 8, category_id: 9, bbox: [0, 0, 3, 3], area: 9, iscrowd: 0 },
  ],
  categories: [
    { id: 3, name: 'cat' },
    { id: 9, name: 'dog' },
  ],
};
const write = (content: object, name = 'annotations.json') => writeFileSync(join(data, name), JSON.stringify(content));

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  const outputs = [{ name: 'output0', shape: [6, 2] as const, values }];
  writeFileSync(file, writeModel(detectorGraph({ outputs, size: [48, 64], metadata })));
  mkdirSync(join(data, 'images'), { recursive: true });
  for (const name of ['one', 'two'])
    writeFileSync(
      join(data, 'images', `${name}.png`),
      png(20, 10, () => [0, 102, 51]),
    );
  write(annotations);
});
afterAll(async () => {
  await pop?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function publish(...args: string[]) {
  const env = { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' };
  const words = ['publish', file, '--name', 'pets', '--test-data', data, ...args];
  return runCommand(words, env.POPSERVE_URL, { env, prepare: preparePublication, wait: (ms) => delay(ms) });
}

describe('the gate of a detector', { timeout: 60_000 }, () => {
  test('keeps the figures, and tells them', async () => {
    const report = join(folder, 'report.html');
    const { status, out, err } = await publish(
      '--require',
      'map50>=0.5',
      '--require',
      'map50_95>0.4',
      '--activate',
      '--report',
      report,
    );
    expect([status, err]).toEqual([0, '']);
    // Of cats the one that is there is found; the dog is not where one was found.
    expect(out).toMatch(/map50 +0\.5\n/);
    expect(out).toContain('as required: map50>=0.5, map50_95>0.4');
    const { evaluation } = (await pop.operate('GET', '/registry/models/pets/versions/1')).json<Manifest>();
    expect(evaluation).toMatchObject({
      ...{ task: 'detection', label: 'annotations.json', classes: ['cat', 'dog'], outputs: { scores: 'output0' } },
      metrics: { map50: 0.5, map75: 0.5, map50_95: 0.5, mar_100: 0.5 },
      native: { rows: 2, agrees: true, metrics: { map50: 0.5 } },
      data: { file: 'val', rows: 2 },
    });
    expect(readFileSync(report, 'utf8')).toMatch(
      /Objects in pictures on 2 rows of val[\s\S]*map50[\s\S]*as pycocotools defines them/,
    );
  });

  test('refuses what is not as required, and says the figure', async () => {
    const { status, out, err } = await publish('--version', 'v2', '--require', 'map50>=0.9');
    expect(status).toBe(1);
    expect(out + err).toContain('map50 is 0.5, required >=0.9');
  });

  test('compares with the version that is served', async () => {
    const { status, out } = await publish(
      '--version',
      'v3',
      '--max-regression',
      '0.01',
      '--metadata',
      'try=2',
      '--dry-run',
    );
    expect([status, out]).toEqual([0, expect.stringMatching(/map50 +0\.5 +0\.5 +same/)]);
  });

  test.each([
    ['no annotations', ['--label', 'other.json'], 'expected other.json with annotations as COCO has them'],
    [
      'figures of another task',
      ['--require', 'roc_auc>=0.5'],
      "'roc_auc>=0.5' cannot be checked: the task is detection, which has map50",
    ],
  ])('%s', async (_, args, message) => {
    const { status, err } = await publish('--version', 'v4', '--dry-run', ...args);
    expect([status, err]).toEqual([1, expect.stringContaining(message)]);
  });

  const [one] = annotations.images;
  const [first] = annotations.annotations;
  test.each([
    [
      'a category that the labels do not name',
      { categories: [...annotations.categories, { id: 5, name: 'cow' }] },
      "the annotations have the category 'cow', the version names cat, dog",
    ],
    [
      'a category that is not named',
      { annotations: [{ ...first, category_id: 4 }] },
      'an annotation has the category 4, which is not named',
    ],
    [
      'an image that is not listed',
      { annotations: [{ ...first, image_id: 4 }] },
      'an annotation is of the image 4, which is not listed',
    ],
    [
      'another size of the picture',
      { images: [{ ...one, width: 10, height: 20 }, annotations.images[1]] },
      'images/one.png has 10x20 pixels (width x height) there, the picture has 20x10',
    ],
    [
      'a picture that is not there',
      { images: [{ ...one, file_name: 'three.png' }], annotations: [] },
      'expected the picture three.png or images/three.png',
    ],
    ['no boxes', { annotations: [{ image_id: 7, category_id: 3 }] }, 'annotations.0.bbox'],
  ])('%s is refused', async (_, changes, message) => {
    write({ ...annotations, ...changes }, 'odd.json');
    const { status, err } = await publish('--version', 'v4', '--dry-run', '--label', 'odd.json');
    expect([status, err]).toEqual([1, expect.stringContaining(message)]);
  });
});
