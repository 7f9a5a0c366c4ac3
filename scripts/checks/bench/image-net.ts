// How pictures become inputs of nets that were trained on ImageNet, as torchvision does it.
import type { ImageInput } from '../../../registry/pipeline/image-input.ts';

const side = 224;
const shortestSide = 256;
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

export const imageNet = { side, shortestSide, mean, std } as const;

/** @param input name of the model's input */
export function imageNetSteps(input: string): ImageInput {
  return {
    input,
    steps: [
      { step: 'decode', formats: ['jpeg', 'png', 'webp'] },
      { step: 'orient' },
      { step: 'colour', to: 'rgb' },
      { step: 'resize', fit: 'shortest', size: shortestSide, filter: 'bilinear' },
      { step: 'crop', height: side, width: side, margin: 'floor' },
      { step: 'scale', by: 1 / 255 },
      { step: 'normalise', mean: [...mean], std: [...std] },
      { step: 'layout', order: 'nchw', datatype: 'FP32' },
    ],
  };
}
