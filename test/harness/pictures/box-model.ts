// Detectors whose outputs are the same for every picture, so that a test knows each box: constants of a graph.
import type { Manifest } from '../../../registry/manifest.ts';
import type { BoxesStep } from '../../../registry/pipeline/boxes.ts';
import type { ImageStep } from '../../../registry/pipeline/image-input.ts';
import type { Pipeline } from '../../../registry/pipeline/pipeline.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import type { OnnxModel } from '../../../scripts/onnx/model-file.ts';
import { publication, type SmallPublication } from '../small-models.ts';

const float32 = 1;

export interface BoxOutput {
  readonly name: string;
  /** Without the axis of the batch. */
  readonly shape: readonly [number, number];
  readonly values: ArrayLike<number>;
}

export interface Detector {
  readonly outputs: readonly BoxOutput[];
  /** Height and width of the input. */
  readonly size: readonly [number, number];
  readonly metadata?: Readonly<Record<string, string>>;
}

export type BoxPipeline = Extract<Pipeline, { task: 'object-detection' }>;

/** Input `images`, FP32 [1, 3, height, width]; each output is [1, …]. */
export function detectorGraph({ outputs, size: [height, width], metadata }: Detector): OnnxModel {
  return model({
    name: 'detector',
    opsets: { '': 17 },
    inputs: [tensorValue('images', float32, [1, 3, height, width])],
    outputs: outputs.map(({ name, shape }) => tensorValue(name, float32, [1, ...shape])),
    nodes: [
      node('ReduceMean', ['images'], ['mean'], { keepdims: { int: 0 } }),
      node('Mul', ['mean', 'nothing'], ['zero']),
      ...outputs.map(({ name }) => node('Add', ['zero', `${name}.values`], [name])),
    ],
    initializers: [
      floats('nothing', [], [0]),
      ...outputs.map(({ name, shape, values }) => floats(`${name}.values`, [1, ...shape], values)),
    ],
    ...(metadata === undefined ? {} : { metadata }),
  });
}

export function boxPipeline(after: BoxesStep, resize: ImageStep): BoxPipeline {
  return {
    schema: 1,
    task: 'object-detection',
    image: {
      input: 'images',
      steps: [
        { step: 'decode', formats: ['jpeg', 'png', 'webp'] },
        { step: 'orient' },
        { step: 'colour', to: 'rgb' },
        resize,
        { step: 'scale', by: 1 / 255 },
        { step: 'layout', order: 'nchw', datatype: 'FP32' },
      ],
    },
    after,
  };
}

export function boxModel(
  name: string,
  version: string,
  detector: Detector,
  pipeline: BoxPipeline,
  changes: Partial<Manifest> = {},
): SmallPublication {
  const signature = {
    inputs: [{ name: 'images', datatype: 'FP32' as const, shape: [1, 3, ...detector.size] }],
    outputs: detector.outputs.map((output) => ({
      ...{ name: output.name, datatype: 'FP32' as const, shape: [1, ...output.shape] },
    })),
  };
  return publication(name, version, detectorGraph(detector), signature, { pipeline, ...changes });
}
