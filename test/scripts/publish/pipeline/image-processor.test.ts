// The image processors of transformers as steps: what their classes do, as their sources say it.
import { describe, expect, test } from 'vitest';
import { imageProcessorSchema, processorSteps } from '../../../../scripts/publish/pipeline/image-processor.ts';

function steps(config: object) {
  return processorSteps(imageProcessorSchema.parse(config)).map(({ step }) => step);
}

describe('a processor', () => {
  test('that says everything is taken at its word', () => {
    const config = {
      ...{ image_processor_type: 'ViTImageProcessor', do_resize: true, size: { height: 96, width: 128 }, resample: 3 },
      ...{ do_rescale: true, rescale_factor: 0.5, do_normalize: true, image_mean: [1, 2, 3], image_std: [4, 5, 6] },
    };
    expect(steps(config)).toEqual([
      { step: 'colour', to: 'rgb' },
      { step: 'resize', fit: 'fill', height: 96, width: 128, filter: 'bicubic' },
      { step: 'scale', by: 0.5 },
      { step: 'normalise', mean: [1, 2, 3], std: [4, 5, 6] },
    ]);
    expect(processorSteps(imageProcessorSchema.parse(config)).map(({ from }) => from)).toEqual([
      'default of ViTImageProcessor',
      'preprocessor_config.json: size, resample',
      'preprocessor_config.json: rescale_factor',
      'preprocessor_config.json: image_mean, image_std',
    ]);
  });

  test.each(['CLIPImageProcessor', 'CLIPImageProcessorFast', 'CLIPFeatureExtractor'])('%s has its defaults', (type) => {
    expect(steps({ image_processor_type: type })).toEqual([
      { step: 'colour', to: 'rgb' },
      { step: 'resize', fit: 'shortest', size: 224, filter: 'bicubic' },
      { step: 'crop', height: 224, width: 224, margin: 'floor' },
      { step: 'scale', by: 1 / 255 },
      {
        step: 'normalise',
        mean: [0.48145466, 0.4578275, 0.40821073],
        std: [0.26862954, 0.26130258, 0.27577711],
      },
    ]);
  });

  test('of ConvNext cuts below 384 and warps from there on', () => {
    const base = { image_processor_type: 'ConvNextImageProcessor', crop_pct: 0.875, do_normalize: false };
    expect(steps({ ...base, size: { shortest_edge: 224 } }).slice(1, 3)).toEqual([
      { step: 'resize', fit: 'shortest', size: 256, filter: 'bicubic' },
      { step: 'crop', height: 224, width: 224, margin: 'floor' },
    ]);
    expect(steps({ ...base, size: 384 }).slice(1, 3)).toEqual([
      { step: 'resize', fit: 'fill', height: 384, width: 384, filter: 'bicubic' },
      { step: 'scale', by: 1 / 255 },
    ]);
  });

  test('of MobileViT swaps red and blue and does not normalise', () => {
    const found = steps({ image_processor_type: 'MobileViTImageProcessor' });
    expect(found[0]).toEqual({ step: 'colour', to: 'bgr' });
    expect(found.some(({ step }) => step === 'normalise')).toBe(false);
  });

  const imageNet = { step: 'normalise', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  test.each([
    [
      { image_processor_type: 'DetrImageProcessor', do_pad: true },
      [
        { step: 'resize', fit: 'shortest', size: 800, longest: 1333, filter: 'bilinear' },
        { step: 'scale', by: 1 / 255 },
        imageNet,
      ],
    ],
    [
      { image_processor_type: 'YolosImageProcessor', size: { shortest_edge: 512, longest_edge: 864 } },
      [
        { step: 'resize', fit: 'shortest', size: 512, longest: 864, multiple: 16, filter: 'bilinear' },
        { step: 'scale', by: 1 / 255 },
        imageNet,
      ],
    ],
    [
      { image_processor_type: 'RTDetrImageProcessor', do_pad: false },
      [
        { step: 'resize', fit: 'fill', height: 640, width: 640, filter: 'bilinear' },
        { step: 'scale', by: 1 / 255 },
      ],
    ],
  ])('of a detector: %j', (config, expected) => {
    expect(steps(config).slice(1)).toEqual(expected);
  });

  test.each([
    [
      { image_processor_type: 'DetrImageProcessor', pad_size: { height: 9, width: 9 }, do_pad: true },
      /pad_size is not supported/,
    ],
    [{ image_processor_type: 'RTDetrImageProcessor', do_pad: true }, /do_pad is not supported/],
    [
      { image_processor_type: 'SamImageProcessor' },
      /image processor SamImageProcessor is not supported, expected one of ViT/,
    ],
    [{}, /image processor \(no image_processor_type\) is not supported/],
    [{ image_processor_type: 'ViTImageProcessor', resample: 5 }, /resample 5 is not supported, expected 0 \(nearest\)/],
    [{ image_processor_type: 'ViTImageProcessor', do_pad: true }, /do_pad is not supported/],
    [{ image_processor_type: 'ViTImageProcessor', do_center_crop: true }, /do_center_crop needs a crop_size/],
    [{ image_processor_type: 'MobileViTImageProcessor', do_normalize: true }, /needs image_mean and image_std/],
    [{ image_processor_type: 'ViTImageProcessor', image_std: [0.5, 0, 0.5] }, /image_std has to be above 0/],
  ])('%j is refused by name', (config, message) => {
    expect(() => steps(config)).toThrow(message);
  });
});
