// A model that reads stripes of a picture from left to right: its classes at each column are the mean blue, green and red. Blue is the
// blank, so a text is spelt by green and red stripes.
import type { Manifest } from '../../../registry/manifest.ts';
import type { Pipeline } from '../../../registry/pipeline/pipeline.ts';
import { integers, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { publication, type SmallPublication } from '../small-models.ts';
import { png } from './encoders.ts';

const float32 = 1;
const height = 4;

/** FP32 [batch, 3, 4, columns] of 0 to 1, at least eight columns and at most forty. */
export const stripePipeline: Extract<Pipeline, { task: 'image-to-text' }> = {
  schema: 1,
  task: 'image-to-text',
  image: {
    input: 'pixels',
    steps: [
      { step: 'decode', formats: ['jpeg', 'png', 'webp'] },
      { step: 'orient' },
      { step: 'colour', to: 'bgr' },
      {
        ...{ step: 'resize', fit: 'height', height, filter: 'bilinear' },
        ...{ leastWidth: 8, mostWidth: 40, padding: 0 },
      },
      { step: 'scale', by: 1 / 255 },
      { step: 'layout', order: 'nchw', datatype: 'FP32' },
    ],
  },
  after: { step: 'ctc', output: 'shares', activation: 'none', labels: ['g', 'r'], blank: 'first' },
};

export function stripeModel(name: string, version: string, changes: Partial<Manifest> = {}): SmallPublication {
  const built = model({
    name: 'stripes',
    opsets: { '': 18 },
    inputs: [tensorValue('pixels', float32, ['batch', 3, height, 'columns'])],
    outputs: [tensorValue('shares', float32, ['batch', 'columns', 3])],
    nodes: [
      node('ReduceMean', ['pixels', 'rows'], ['means'], { keepdims: { int: 0 } }),
      node('Transpose', ['means'], ['shares'], { perm: { ints: [0, 2, 1] } }),
    ],
    initializers: [integers('rows', [1], [2])],
  });
  const signature = {
    inputs: [{ name: 'pixels', datatype: 'FP32' as const, shape: [-1, 3, height, -1] }],
    outputs: [{ name: 'shares', datatype: 'FP32' as const, shape: [-1, -1, 3] }],
  };
  return publication(name, version, built, signature, { pipeline: stripePipeline, ...changes });
}

const colours: Readonly<Record<string, readonly number[]>> = { r: [255, 0, 0], g: [0, 255, 0], b: [0, 0, 255] };

/** A picture of four by four pixels for each letter of `stripes`: r, g or b. */
export function drawStripes(stripes: string): Uint8Array {
  return new Uint8Array(png(stripes.length * 4, height, (x) => colours[stripes[Math.floor(x / 4)] ?? 'b'] ?? []));
}
