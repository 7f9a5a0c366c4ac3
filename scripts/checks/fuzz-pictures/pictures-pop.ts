// A local PoP with a model that takes pictures and whose answers are known: the mean of each colour.
import type { Pipeline } from '../../../registry/pipeline/pipeline.ts';
import { type Pop, startPop } from '../../local-pop/pop.ts';
import { model, node, tensorValue } from '../../onnx/build.ts';
import { writeModel } from '../../onnx/model-file.ts';
import { releaseModel } from '../fuzz/fuzz-pop.ts';

export const picturesModel = 'fuzz-pictures';
const [float32, side] = [1, 32];

/** FP32 [batch, 3, 32, 32] of 0 to 1. */
const pipeline: Pipeline = {
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
};

export async function startPicturesPop(onLog: (line: string) => void = () => {}): Promise<Pop> {
  const pop = await startPop({ directory: null, port: 0, inspect: true, onLog });
  const bytes = writeModel(
    model({
      name: 'colours',
      opsets: { '': 17 },
      inputs: [tensorValue('pixels', float32, ['batch', 3, side, side])],
      outputs: [tensorValue('scores', float32, ['batch', 3])],
      nodes: [node('GlobalAveragePool', ['pixels'], ['means']), node('Flatten', ['means'], ['scores'])],
      initializers: [],
    }),
  );
  const signature = {
    inputs: [{ name: 'pixels', datatype: 'FP32' as const, shape: [-1, 3, side, side] }],
    outputs: [{ name: 'scores', datatype: 'FP32' as const, shape: [-1, 3] }],
  };
  await releaseModel(pop, { name: picturesModel, bytes, signature }, { pipeline });
  return pop;
}
