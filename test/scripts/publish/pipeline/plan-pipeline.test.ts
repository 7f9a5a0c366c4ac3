// A pipeline from a folder: what contradicts the model is refused with both sides, and nothing is guessed.
import { describe, expect, test } from 'vitest';
import type { Signature } from '../../../../registry/signature.ts';
import type { HubConfig, HubFolder } from '../../../../scripts/publish/pipeline/hub-folder.ts';
import type { PipelineOptions } from '../../../../scripts/publish/pipeline/options.ts';
import { completePipeline, planInput } from '../../../../scripts/publish/pipeline/plan-pipeline.ts';

const config: HubConfig = {
  architectures: ['ViTForImageClassification'],
  id2label: { '0': 'cat', '1': 'dog' },
  problem_type: 'single_label_classification',
};
const imageProcessor = { image_processor_type: 'ViTImageProcessor', size: { height: 8, width: 8 } };

function folderOptions(changes: Partial<HubFolder> = {}, options: Partial<PipelineOptions> = {}): PipelineOptions {
  const folder: HubFolder = { model: 'model.onnx', config, imageProcessor, text: null, sentence: null, ...changes };
  return { task: null, folder, exported: null, activation: null, imageSteps: null, boxes: {}, text: {}, ...options };
}

function signature(input: readonly number[] = [-1, 3, 8, 8], scores: readonly number[] = [-1, 2]): Signature {
  return {
    inputs: [{ name: 'pixel_values', datatype: 'FP32', shape: [...input] }],
    outputs: [{ name: 'logits', datatype: 'FP32', shape: [...scores] }],
  };
}

function complete(options = folderOptions(), model = signature(), labels = {}) {
  const planned = planInput(options, model);
  if (planned === null) throw new Error('no pipeline');
  return completePipeline(planned, options, { signature: model, labels, roles: undefined });
}

describe('a folder', () => {
  test('becomes a pipeline', () => {
    const { pipeline, steps } = complete();
    expect(pipeline).toMatchObject({
      task: 'image-classification',
      image: { input: 'pixel_values' },
      after: { output: 'logits', activation: 'softmax', labels: ['cat', 'dog'], topK: 2 },
    });
    expect('image' in pipeline && pipeline.image.steps.at(-1)).toEqual({
      ...{ step: 'layout', order: 'nchw', datatype: 'FP32' },
    });
    expect(steps).toContainEqual(['softmax, 2 classes', 'config.json: problem_type']);
    expect(steps).toContainEqual(['resize to 8x8, bilinear', 'preprocessor_config.json: size, resample']);
  });

  test('of several labels gives each its own score', () => {
    const several = folderOptions({ config: { ...config, problem_type: 'multi_label_classification' } });
    expect(complete(several).pipeline.after).toMatchObject({ activation: 'sigmoid' });
  });

  test('gives way to --scores and --labels', () => {
    const { pipeline } = complete(folderOptions({}, { activation: 'none' }), signature(), { logits: ['x', 'y'] });
    expect(pipeline.after).toMatchObject({ activation: 'none', labels: ['x', 'y'] });
  });

  test.each([
    [
      'a size that the model does not take',
      folderOptions(),
      signature([-1, 3, 9, 8]),
      /preprocessor_config.json: size, resample makes pictures of 8x8 .* \[-1,3,9,8\] takes 9x8/,
    ],
    [
      'colours for a model of grey',
      folderOptions(),
      signature([-1, 1, 8, 8]),
      /gives 3 channels, input 'pixel_values' \[-1,1,8,8\] takes 1/,
    ],
    [
      'other classes than the model has',
      folderOptions(),
      signature(undefined, [-1, 3]),
      /config.json names 2 classes, output 'logits' \[-1,3\] has 3/,
    ],
    [
      'a task that is not supported',
      folderOptions({ config: { architectures: ['SegformerForSemanticSegmentation'] } }),
      signature(),
      /config.json: SegformerForSemanticSegmentation is of no task that is supported: expected image-classification/,
    ],
    [
      'pictures of any shape for an input of one',
      folderOptions({ imageProcessor: { image_processor_type: 'DetrImageProcessor' } }),
      signature(),
      /default of DetrImageProcessor makes pictures of any shape \(resize the shorter side to 800, .*\), input 'pixel_values' \[-1,3,8,8\] takes 8x8/,
    ],
    [
      'a mask beside the pictures',
      folderOptions(),
      {
        ...signature(),
        inputs: [...signature().inputs, { name: 'pixel_mask', datatype: 'INT64' as const, shape: [-1, 64, 64] }],
      },
      /input 'pixel_mask' is not supported: export the model with 'pixel_values' as its only input/,
    ],
    ['no config.json', folderOptions({ config: null }), signature(), /no config.json with architectures/],
    [
      'no processor',
      folderOptions({ imageProcessor: null, text: null, sentence: null }),
      signature(),
      /no preprocessor_config.json/,
    ],
    [
      'a gap among the labels',
      folderOptions({ config: { ...config, id2label: { '0': 'a', '2': 'c' } } }),
      signature(),
      /id2label has 2 classes, and none is number 1/,
    ],
    ['an input that is no picture', folderOptions(), signature([-1, 4]), /takes no pictures/],
  ])('with %s is refused', (_, options, model, message) => {
    expect(() => complete(options, model)).toThrow(message);
  });

  test('without labels or a word on scores is asked for them', () => {
    const bare = folderOptions({ config: { architectures: config.architectures } });
    expect(() => complete(bare)).toThrow(/nothing names the 2 classes of output 'logits': give --labels FILE/);
    expect(() => complete(bare, signature(), { logits: ['a', 'b'] })).toThrow(/give --scores softmax/);
  });
});

test('a file without --task has no pipeline', () => {
  expect(planInput(folderOptions({}, { folder: null }), signature())).toBeNull();
});
