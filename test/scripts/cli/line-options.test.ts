// The options for lines of writing: none is guessed, and those that do not go together are refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { whatIsPublished } from '../../../scripts/cli/pipeline-options.ts';
import { UsageError } from '../../../scripts/cli/usage-error.ts';

type Options = Parameters<typeof whatIsPublished>[1];

const folder = mkdtempSync(join(tmpdir(), 'popserve-line-options-'));
const [file, keys] = [join(folder, 'model.onnx'), join(folder, 'keys.txt')];
writeFileSync(file, '');
writeFileSync(keys, 'a\nb\n');
afterAll(() => rmSync(folder, { recursive: true }));

const labels = [{ output: null, file: keys }];
const size = { imageHeight: 48, imageWidth: { least: 32, most: 320 }, imagePadding: 0 };
const values = { imageScale: '0-1' as const, imageMean: [0.5], imageStd: [0.25] };
const writing: Options = { task: 'image-to-text', labels, blank: 'first', ...size, ...values };

test('a model that reads lines gets its keys and its steps', async () => {
  const { pipeline, labels: left } = await whatIsPublished(file, { ...writing, imageColour: 'bgr', space: true });
  expect(left).toBeUndefined();
  expect(pipeline?.writing).toEqual({ output: null, file: keys, labels: ['a', 'b'], blank: 'first', space: true });
  const spec = { name: 'x', datatype: 'FP32' as const, shape: [-1, 3, 48, -1] };
  expect(pipeline?.imageSteps?.(spec)).toEqual([
    { step: { step: 'colour', to: 'bgr' }, from: '--image-colour' },
    {
      step: {
        ...{ step: 'resize', fit: 'height', height: 48, filter: 'bilinear' },
        ...{ leastWidth: 32, mostWidth: 320, padding: 0 },
      },
      from: '--image-height, --image-width, --image-padding',
    },
    { step: { step: 'scale', by: 1 / 255 }, from: '--image-scale' },
    { step: { step: 'normalise', mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }, from: '--image-mean, --image-std' },
  ]);
});

test('lines can be classified as well, with labels as other pictures have them', async () => {
  const options: Options = { task: 'image-classification', labels, ...size, ...values };
  const { pipeline, labels: left } = await whatIsPublished(file, options);
  expect([pipeline?.writing, left]).toEqual([undefined, labels]);
});

test('grey pictures have no order of channels', async () => {
  const { pipeline } = await whatIsPublished(file, { ...writing, imageColour: 'bgr' });
  const spec = { name: 'x', datatype: 'FP32' as const, shape: [-1, 1, 48, -1] };
  expect(() => pipeline?.imageSteps?.(spec)).toThrow('--image-colour bgr: the model takes grey pictures');
});

test.each<[string, Options, string]>([
  ['no blank', { ...writing, blank: undefined as never }, 'image-to-text needs one --labels FILE'],
  ['test data', { ...writing, testData: 'lines' }, 'the gate does not judge texts: --test-data and'],
  ['reference data', { ...writing, reference: 'lines' }, 'the gate does not judge texts'],
  ['no labels', { ...writing, labels: [] }, 'image-to-text needs one --labels FILE'],
  ['a size in part', { ...writing, imagePadding: undefined as never }, 'need --image-height, --image-width and'],
  ['two ways to resize', { ...writing, imageResize: 256 }, '--image-resize and --image-crop do not go with it'],
  ['no values', { ...writing, imageMean: undefined as never }, 'give --image-mean as the model was trained'],
  ['a blank for classes', { task: 'image-classification', blank: 'last' }, '--blank goes with --task image-to-text'],
  ['a space for classes', { task: 'image-classification', space: true }, '--space goes with --task image-to-text'],
  ['a line without a task', size, '--image-padding go with a --task that takes pictures'],
  ['an order of channels without a task', { imageColour: 'rgb' }, 'go with a --task that takes pictures'],
])('with %s it is wrong usage', async (_, options, message) => {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const refused = whatIsPublished(file, given);
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(message);
});
