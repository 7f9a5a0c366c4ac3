// How large a picture becomes: numbers of transformers and of YOLOX for real sizes.
import { expect, test } from 'vitest';
import type { ImageStep } from '../../../registry/pipeline/image-input.ts';
import { planGeometry } from '../../../worker/pipeline/geometry.ts';

const filter = 'bilinear';
const detr: ImageStep = { step: 'resize', fit: 'shortest', size: 800, longest: 1333, filter };
const corner: ImageStep = {
  step: 'resize',
  fit: 'letterbox',
  height: 640,
  width: 640,
  filter,
  value: 114,
  place: 'corner',
};

test.each<[string, number, number, ImageStep, number, number]>([
  ['DETR', 640, 480, detr, 1066, 800],
  ['DETR, upright', 480, 640, detr, 800, 1066],
  ['DETR, so wide that the longer side is held', 1000, 300, detr, 1333, 400],
  ['YOLOS, to multiples of 16', 640, 480, { ...detr, size: 512, longest: 864, multiple: 16 }, 672, 512],
  ['YOLOX rounds down', 1000, 333, corner, 640, 213],
])('%s', (_, width, height, step, madeWidth, madeHeight) => {
  expect(planGeometry({ width, height }, { steps: [step] }).resized).toEqual({ width: madeWidth, height: madeHeight });
});
