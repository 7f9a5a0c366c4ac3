// Which inputs take pictures, and how.
import { expect, test } from 'vitest';
import type { Datatype } from '../../../registry/signature.ts';
import { pictureFormat } from '../../../worker/models/picture-format.ts';
import { colourPipeline } from '../../harness/pictures/colour-model.ts';

const format = (shape: number[], isBatched = true, datatype: Datatype = 'FP32') =>
  pictureFormat({ name: 'x', datatype, shape }, isBatched, undefined);

test.each([
  [[-1, 3, 224, 224], 'FORMAT_NCHW'],
  [[-1, 1, 28, 28], 'FORMAT_NCHW'],
  [[-1, 3, -1, -1], 'FORMAT_NCHW'],
  [[-1, 224, 224, 3], 'FORMAT_NHWC'],
  [[-1, -1, -1, 4], 'FORMAT_NHWC'],
  [[-1, 3, 224, 3], 'FORMAT_NONE'],
  [[-1, 3, 4, 5], 'FORMAT_NONE'],
  [[-1, 64, 28, 28], 'FORMAT_NONE'],
  [[-1, 3, 224], 'FORMAT_NONE'],
  [[-1, 2], 'FORMAT_NONE'],
  [[-1, -1, -1, -1], 'FORMAT_NONE'],
])('a batch of %j is %s', (shape, expected) => {
  expect(format(shape)).toBe(expected);
});

test('without a batch a picture has three dimensions, and no format with a batch of its own', () => {
  expect(format([3, 32, 32], false)).toBe('FORMAT_NCHW');
  expect(format([32, 32, 3], false, 'UINT8')).toBe('FORMAT_NHWC');
  expect(format([1, 3, 32, 32], false)).toBe('FORMAT_NONE');
});

test('strings and booleans are no pictures', () => {
  for (const datatype of ['BYTES', 'BOOL'] as const)
    expect(format([-1, 3, 32, 32], true, datatype)).toBe('FORMAT_NONE');
});

test('the pipeline says it where there is one, of its own input', () => {
  const pipeline = colourPipeline();
  const { input, steps } = 'image' in pipeline ? pipeline.image : { input: '', steps: [] };
  const layout = steps.find(({ step }) => step === 'layout');
  const order = layout?.step === 'layout' && layout.order === 'nchw' ? 'FORMAT_NCHW' : 'FORMAT_NHWC';
  const shape = [-1, 3, 3, 3];
  expect(pictureFormat({ name: input, datatype: 'FP32', shape }, true, pipeline)).toBe(order);
  expect(pictureFormat({ name: 'other', datatype: 'FP32', shape }, true, pipeline)).toBe('FORMAT_NONE');
});
