// A model that says which colour a picture has, small enough to know each of its answers: the mean of each channel is its score.
import type { Manifest } from '../../../registry/manifest.ts';
import type { Pipeline } from '../../../registry/pipeline/pipeline.ts';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { publication, type SmallPublication } from '../small-models.ts';

const float32 = 1;
const side = 8;

export type ColourPipeline = Extract<Pipeline, { task: 'image-classification' }>;

/** FP32 [batch, 3, 8, 8] of 0 to 1; the scores of red, green and blue as they are. */
export function colourPipeline(changes: Partial<ColourPipeline> = {}): ColourPipeline {
  return {
    schema: 1,
    task: 'image-classification',
    image: {
      input: 'pixels',
      steps: [
        { step: 'decode', formats: ['jpeg', 'png', 'webp'] },
        { step: 'orient' },
        { step: 'colour', to: 'rgb' },
        { step: 'resize', fit: 'fill', height: side, width: side, filter: 'bilinear' },
        { step: 'scale', by: 1 / 255 },
        { step: 'layout', order: 'nchw', datatype: 'FP32' },
      ],
    },
    after: { step: 'classify', output: 'scores', activation: 'none', labels: ['red', 'green', 'blue'], topK: 3 },
    ...changes,
  };
}

export function colourModel(
  name: string,
  version: string,
  pipeline: Pipeline = colourPipeline(),
  changes: Partial<Manifest> = {},
): SmallPublication {
  const built = model({
    name: 'colour',
    opsets: { '': 17 },
    inputs: [tensorValue('pixels', float32, ['batch', 3, side, side])],
    outputs: [tensorValue('scores', float32, ['batch', 3])],
    nodes: [node('GlobalAveragePool', ['pixels'], ['means']), node('Flatten', ['means'], ['scores'])],
    initializers: [],
  });
  const signature = {
    inputs: [{ name: 'pixels', datatype: 'FP32' as const, shape: [-1, 3, side, side] }],
    outputs: [{ name: 'scores', datatype: 'FP32' as const, shape: [-1, 3] }],
  };
  return publication(name, version, built, signature, { pipeline, ...changes });
}
