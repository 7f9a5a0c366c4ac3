// A folder of the Hub, published by the command and asked for a picture, over a real PoP.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { preparePublication } from '../../../../scripts/validation/prepare-publication.ts';
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
  expect([status, out]).toEqual([0, expect.stringContaining('hub v1 would be published; nothing was uploaded')]);
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
  ['a request beside a picture', ['infer', 'hub', '--image', picture, '--binary'], '--binary do not go with it'],
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
    '--scores goes with --task image-classification',
  ],
  [
    'a dry run that is served',
    ['publish', model, '--name', 'x', '--dry-run', '--activate'],
    '--dry-run publishes nothing',
  ],
])('%s is refused', async (_, args, message) => {
  const { status, err } = await command(...args);
  expect([status > 0, err]).toEqual([true, expect.stringContaining(message)]);
});

test('golden vectors are pictures, and a replay checks the whole way', async () => {
  const { status, out } = await command('verify', 'hub', 'v1');
  expect([status, out]).toEqual([0, expect.stringContaining('4 of 4 golden vectors as published')]);
});
