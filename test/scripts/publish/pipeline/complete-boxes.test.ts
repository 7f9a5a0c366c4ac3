// What publishing makes of a detector: outputs are told apart by their shapes where these leave no choice, and nothing is guessed.
import { describe, expect, test } from 'vitest';
import type { ImageInput } from '../../../../registry/pipeline/image-input.ts';
import type { TensorSpec } from '../../../../registry/signature.ts';
import type { BoxOptions } from '../../../../scripts/publish/pipeline/box-options.ts';
import { completeBoxes } from '../../../../scripts/publish/pipeline/complete-boxes.ts';
import type { PipelineOptions } from '../../../../scripts/publish/pipeline/options.ts';

const image: ImageInput = {
  input: 'images',
  steps: [{ step: 'resize', fit: 'letterbox', height: 96, width: 128, filter: 'bilinear', value: 114 }],
};
const priors: NonNullable<BoxOptions['priors']> = {
  ...{ file: 'priors.json', variances: [0.1, 0.2] },
  priors: { clip: false, levels: [{ step: 32, boxes: [[20, 30]] }] },
};

function output(name: string, ...shape: number[]): TensorSpec {
  return { name, datatype: 'FP32', shape };
}

interface Given {
  readonly outputs: TensorSpec[];
  readonly boxes?: BoxOptions;
  readonly options?: Partial<PipelineOptions>;
  readonly labels?: readonly string[] | null;
  readonly share?: string;
}

function complete({ outputs, boxes = {}, options = {}, labels = ['cat', 'dog', 'bird'], share }: Given) {
  return completeBoxes(
    {
      task: 'object-detection',
      folder: null,
      exported: null,
      activation: null,
      imageSteps: null,
      boxes,
      text: {},
      ...options,
    },
    {
      signature: { inputs: [output('images', 1, 3, 96, 128)], outputs },
      roles: share === undefined ? undefined : [{ output: share, isShare: true } as never],
      labels: labels === null ? null : { names: labels, from: '--labels' },
      image,
    },
  );
}

describe('a form is completed by the shapes', () => {
  test.each<[string, Given, object]>([
    [
      'yolo in rows',
      { outputs: [output('o', 1, 252, 8)], boxes: { form: 'yolo' } },
      { form: 'yolo', output: 'o', objectness: true, candidates: 'rows' },
    ],
    [
      'yolo in columns',
      { outputs: [output('o', 1, 7, -1)], boxes: { form: 'yolo' } },
      { form: 'yolo', output: 'o', objectness: false, candidates: 'columns' },
    ],
    [
      'yolo beside outputs of other ranks',
      { outputs: [output('o', 1, 252, 8), output('p', 1, 3, 12, 16, 8)], boxes: { form: 'yolo' } },
      { output: 'o' },
    ],
    [
      'yolox',
      { outputs: [output('o', 1, 252, 8)], boxes: { form: 'yolox' } },
      { form: 'yolox', output: 'o', strides: [8, 16, 32] },
    ],
    [
      'decoded',
      {
        outputs: [output('s', 1, 50, 4), output('b', 1, 50, 4), output('other', 1, 7)],
        boxes: {
          form: 'decoded',
          format: 'centre-pixels',
          background: 'last',
          boxes: 'b',
          threshold: 0.5,
          iou: 'none',
        },
        options: { activation: 'softmax' },
      },
      {
        form: 'decoded',
        boxes: 'b',
        scores: 's',
        as: 'centre',
        units: 'pixels',
        background: 'last',
        activation: 'softmax',
      },
    ],
    [
      'scores that are shares by the graph',
      {
        outputs: [output('s', 1, 50, 3), output('b', 1, 50, 4)],
        boxes: { form: 'decoded', format: 'corners-share', background: 'none', threshold: 0.5, iou: 0.4 },
        share: 's',
      },
      { activation: 'none', boxes: 'b', scores: 's' },
    ],
    [
      'ssd',
      {
        outputs: [output('s', 1, 12, 4), output('b', 1, 12, 4)],
        boxes: { form: 'ssd', background: 'first', boxes: 'b', scores: 's', threshold: 0.5, iou: 0.4, priors },
        options: { activation: 'softmax' },
      },
      { form: 'ssd', variances: [0.1, 0.2], priors: priors.priors },
    ],
    [
      'detr',
      {
        outputs: [output('logits', -1, 100, 4), output('pred', -1, 100, 4)],
        boxes: { form: 'detr', boxes: 'pred' },
        options: { activation: 'softmax' },
      },
      { form: 'detr', boxes: 'pred', scores: 'logits', activation: 'softmax' },
    ],
    [
      'a folder of RT-DETR',
      {
        outputs: [output('logits', -1, 300, 3), output('pred_boxes', -1, 300, 4)],
        options: {
          folder: {
            model: 'm',
            config: { architectures: ['RTDetrForObjectDetection'] },
            imageProcessor: null,
            text: null,
            sentence: null,
          },
        },
      },
      { form: 'detr', boxes: 'pred_boxes', scores: 'logits', activation: 'sigmoid' },
    ],
  ])('%s', (_, given, expected) => {
    expect(complete(given).after.decode).toMatchObject(expected);
  });

  test('and says where each part comes from', () => {
    const { rows, after } = complete({ outputs: [output('o', 1, 7, 252)], boxes: { form: 'yolo', threshold: 0.4 } });
    expect(rows).toEqual([
      ["boxes yolo of 'o', in columns without an objectness", '--boxes; shape [1,7,252] and 3 classes'],
      ['3 classes', '--labels'],
      ['boxes that score at least 0.4', '--boxes-threshold'],
      ['of boxes that overlap by more than 0.7 the best', "Ultralytics' own"],
      ['at most 300 boxes', 'default'],
    ]);
    expect(after).toMatchObject({ threshold: 0.4, iou: 0.7, most: 300 });
  });
});

describe('what is missing or contradicts is told', () => {
  const decoded = [output('s', 1, 50, 4), output('b', 1, 50, 4)];
  test.each<[string, Given, string]>([
    ['no form', { outputs: decoded }, 'give --boxes yolo, yolox, ssd, detr or decoded'],
    [
      'no labels',
      { outputs: decoded, boxes: { form: 'yolo' }, labels: null },
      'nothing names the classes of the boxes: give --labels FILE',
    ],
    [
      'two outputs of one shape',
      { outputs: decoded, boxes: { form: 'decoded' } },
      "give --boxes-output NAME and --scores-output NAME; the model has 's' FP32 [1,50,4], 'b' FP32 [1,50,4]",
    ],
    [
      'an output that is not there',
      { outputs: decoded, boxes: { form: 'yolo', boxes: 'x' } },
      "--boxes-output: the model has no output 'x'",
    ],
    [
      'yolo with other classes',
      { outputs: [output('o', 1, 252, 85)], boxes: { form: 'yolo' } },
      "3 classes need 7 values for each candidate, or 8 with an objectness; output 'o' [1,252,85] has neither",
    ],
    [
      'yolo after suppression',
      { outputs: [output('o', 1, 300, 6)], boxes: { form: 'yolo' } },
      'Six values are boxes after non-maximum suppression, which is not supported',
    ],
    [
      'yolo that lies both ways',
      { outputs: [output('o', 1, 7, 8)], boxes: { form: 'yolo' } },
      "how candidates lie in output 'o' [1,7,8]: give --boxes-format rows, rows-objectness",
    ],
    [
      'a format that the shape denies',
      { outputs: [output('o', 1, 7, 252)], boxes: { form: 'yolo', format: 'rows' } },
      "--boxes-format rows: 3 classes need 7 values for each candidate, output 'o' [1,7,252] has 252",
    ],
    [
      'grids of other strides',
      { outputs: [output('o', 1, 252, 8)], boxes: { form: 'yolox', strides: [32] } },
      "expected 12 places of grids with strides 32, output 'o' [1,252,8] has 252",
    ],
    ['no priors', { outputs: decoded, boxes: { form: 'ssd', boxes: 'b' } }, '--boxes ssd needs --boxes-priors FILE'],
    [
      'other priors',
      { outputs: decoded, boxes: { form: 'ssd', boxes: 'b', priors } },
      "expected 12 boxes by priors.json, output 'b' [1,50,4] has 50",
    ],
    [
      'no format',
      { outputs: decoded, boxes: { form: 'decoded', boxes: 'b' } },
      '--boxes decoded needs --boxes-format corners-share',
    ],
    [
      'no word on scores',
      { outputs: decoded, boxes: { form: 'decoded', boxes: 'b', format: 'corners-share' } },
      '--boxes decoded needs --scores softmax, sigmoid or none',
    ],
    [
      'no background',
      {
        outputs: decoded,
        boxes: { form: 'decoded', boxes: 'b', format: 'corners-share' },
        options: { activation: 'none' },
      },
      '--boxes decoded needs --boxes-background first, last or none',
    ],
    [
      'another number of classes',
      {
        outputs: decoded,
        boxes: { form: 'decoded', boxes: 'b', format: 'corners-share', background: 'none' },
        options: { activation: 'none' },
      },
      "expected 3 scores for 3 classes with background none, output 's' [1,50,4] has 4",
    ],
    [
      'no thresholds',
      {
        outputs: decoded,
        boxes: { form: 'decoded', boxes: 'b', format: 'corners-share', background: 'last' },
        options: { activation: 'none' },
      },
      'give --boxes-threshold 0.5 and --boxes-iou 0.45',
    ],
    [
      'a detector of transformers that is not known',
      {
        outputs: [output('logits', -1, 300, 3), output('pred_boxes', -1, 300, 4)],
        options: {
          folder: {
            model: 'm',
            config: { architectures: ['OwlViTForObjectDetection'] },
            imageProcessor: null,
            text: null,
            sentence: null,
          },
        },
      },
      'config.json: OwlViTForObjectDetection is not supported, expected one of DetrForObjectDetection, YolosForObjectDetection',
    ],
  ])('%s', (_, given, message) => {
    expect(() => complete(given)).toThrow(message);
  });
});
