// A folder of the Hub, published by the command and asked for a picture, over a real PoP.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeModel } from '../../../../scripts/onnx/model-file.ts';
import { preparePublication } from '../../../../scripts/validation/prepare-publication.ts';
import { readPictureHeader } from '../../../../worker/pipeline/picture-header.ts';
import { detectorGraph } from '../../../harness/pictures/box-model.ts';
import { colourModel } from '../../../harness/pictures/colour-model.ts';
import { png } from '../../../harness/pictures/encoders.ts';
import { TestPop } from '../../../harness/pop.ts';
import { runCommand } from '../captured-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-pictures-'));
const model = join(folder, 'hub');
const picture = join(folder, 'teal.png');
let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({});
  mkdirSync(join(model, 'onnx'), { recursive: true });
  const [blob] = colourModel('colour', '1').blobs;
  writeFileSync(join(model, 'onnx', 'model.onnx'), blob?.bytes ?? new Uint8Array());
  const config = {
    architectures: ['ViTForImageClassification'],
    id2label: { '0': 'red', '1': 'green', '2': 'blue' },
    problem_type: 'multi_label_classification',
  };
  writeFileSync(join(model, 'config.json'), JSON.stringify(config));
  const processor = { image_processor_type: 'ViTImageProcessor', size: { height: 8, width: 8 }, do_normalize: false };
  writeFileSync(join(model, 'preprocessor_config.json'), JSON.stringify(processor));
  writeFileSync(
    picture,
    png(20, 10, () => [0, 102, 51]),
  );
});
afterAll(async () => {
  await pop?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function command(...args: string[]) {
  const env = { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' };
  return runCommand(args, env.POPSERVE_URL, { env, prepare: preparePublication, wait: (ms) => delay(ms) });
}

test('a dry run shows the steps and uploads nothing', async () => {
  const { status, out } = await command('publish', model, '--name', 'hub', '--dry-run');
  expect([status, out]).toEqual([0, expect.stringContaining('hub 1 would be published; nothing was uploaded')]);
  expect(out).toMatch(/resize to 8x8, bilinear +preprocessor_config.json: size, resample/);
  expect(out).toMatch(/sigmoid, 3 classes +config.json: problem_type/);
  expect((await command('list')).out).not.toContain('hub');
});

test('what is published answers a picture with the labels of the folder', async () => {
  const published = await command('publish', model, '--name', 'hub', '--activate');
  expect([published.status, published.err]).toEqual([0, '']);
  expect(published.out).toContain("-H 'content-type: image/jpeg' --data-binary @picture.jpg");
  const { status, out } = await command('infer', 'hub', '--image', picture);
  const share = (value: number) => (1 / (1 + Math.exp(-value / 255))).toFixed(4);
  expect(status).toBe(0);
  expect(out.split('\n').slice(2, 5)).toEqual([`green  ${share(102)}`, `blue   ${share(51)}`, 'red    0.5000']);
  expect(out).toContain(`--data-binary @${picture}`);
});

test.each([
  [
    'a file of another kind',
    ['infer', 'hub', '--image', join(model, 'config.json')],
    'expected a JPEG, a PNG or a WebP',
  ],
  ['a request beside a picture', ['infer', 'hub', '--image', picture, '--binary'], '--binary goes with --input'],
  [
    'a variant that is not there',
    ['publish', model, '--name', 'hub', '--variant', 'int8'],
    'expected onnx/model_int8.onnx or model_int8.onnx, found neither',
  ],
  [
    'a picture task without its steps',
    [
      'publish',
      join(model, 'onnx/model.onnx'),
      '--name',
      'x',
      '--task',
      'image-classification',
      '--image-resize',
      'stretch',
    ],
    'give --image-scale, --image-mean, --image-std as the model was trained',
  ],
  [
    'scores of a model of tensors',
    ['publish', join(model, 'onnx/model.onnx'), '--name', 'x', '--scores', 'none'],
    '--scores goes with --task image-classification or object-detection',
  ],
  [
    'boxes of a classifier',
    ['publish', model, '--name', 'x', '--boxes-threshold', '0.5'],
    '--boxes-threshold goes with --task object-detection',
  ],
  [
    'a picture that is resized twice',
    [
      'publish',
      join(model, 'onnx/model.onnx'),
      '--name',
      'x',
      '--task',
      'object-detection',
      '--image-resize',
      '8',
      '--image-letterbox',
      '114',
    ],
    '--image-resize does not go with --image-letterbox',
  ],
  [
    'a frame without a value',
    ['publish', model, '--name', 'x', '--image-letterbox', 'grey'],
    'as in 114 or 114,corner',
  ],
  ['a drawing without a picture', ['infer', 'hub', '--input', 'x.json', '--draw', 'y.png'], '--draw goes with --image'],
  [
    'a dry run that is served',
    ['publish', model, '--name', 'x', '--dry-run', '--activate'],
    '--dry-run publishes nothing',
  ],
])('%s is refused', async (_, args, message) => {
  const { status, err } = await command(...args);
  expect([status > 0, err]).toEqual([true, expect.stringContaining(message)]);
});

describe('an export of Ultralytics', () => {
  const file = join(model, 'best.onnx');
  const drawn = join(folder, 'drawn.png');
  /** Columns: a cat in the middle of an input of 48x64, letterboxed from 20x10 to 64x32 with 8 rows above it. */
  const values = [32, 40, 24, 24, 16, 8, 16, 8, 0.9, 0.1, 0.05, 0.2];
  const metadata = {
    author: 'Ultralytics',
    task: 'detect',
    stride: '32',
    imgsz: '[48, 64]',
    names: "{0: 'cat', 1: 'dog'}",
  };
  const write = (more: Record<string, string> = {}) => {
    const outputs = [{ name: 'output0', shape: [6, 2] as const, values }];
    writeFileSync(file, writeModel(detectorGraph({ outputs, size: [48, 64], metadata: { ...metadata, ...more } })));
  };

  test('needs no options', async () => {
    write();
    const published = await command('publish', file, '--name', 'yolo', '--activate');
    expect([published.status, published.err]).toEqual([0, '']);
    expect(published.out).toMatch(/resize into 48x64, framed with 114, bilinear +metadata of the model: imgsz/);
    expect(published.out).toMatch(
      /boxes yolo of 'output0', in columns without an objectness +metadata of the model; shape \[1,6,2\] and 2 classes/,
    );
    expect(published.out).toMatch(/2 classes +metadata of the model: names/);
    const { status, out, err } = await command('infer', 'yolo', '--image', picture, '--draw', drawn);
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/LABEL +SCORE +XMIN +YMIN +XMAX +YMAX\ncat +0\.9000 +7\.5 +2\.5 +12\.5 +7\.5\n/);
    expect(readPictureHeader(readFileSync(drawn), drawn)).toMatchObject({ format: 'png', width: 20, height: 10 });
  });

  test('that has no boxes for a picture says so', async () => {
    const answer = await command('infer', 'yolo', '--image', picture, '--json');
    expect(JSON.parse(answer.out)).toHaveLength(1);
    const labels = await command('infer', 'hub', '--image', picture, '--draw', drawn);
    expect([labels.status, labels.err]).toEqual([
      1,
      expect.stringContaining('hub gives no boxes, and nothing else has a place'),
    ]);
  });

  test.each([{ end2end: 'True' }, { args: "{'nms': True}" }])(
    'with suppression in the graph is served as tensors: %j',
    async (more) => {
      write(more);
      const { status, out } = await command('publish', file, '--name', 'suppressed', '--dry-run');
      expect([status, out]).toEqual([0, expect.not.stringContaining('boxes')]);
      const asked = await command('publish', file, '--name', 'suppressed', '--dry-run', '--task', 'object-detection');
      expect([asked.status, asked.err]).toEqual([1, expect.stringContaining('export with nms=False, end2end=False')]);
    },
  );
});

test('golden vectors are pictures, and a replay checks the whole way', async () => {
  const { status, out } = await command('verify', 'hub', '1');
  expect([status, out]).toEqual([0, expect.stringContaining('4 of 4 golden vectors as published')]);
});
