// Small nets with a convolution, as publishing gets them.
import { floats, model, node, tensorValue } from '../../../../scripts/onnx/build.ts';
import type { OnnxModel } from '../../../../scripts/onnx/model-file.ts';
import type { NodeProto } from '../../../../scripts/onnx/onnx_pb.ts';

const float32 = 1;

/** Two classes of a picture of 8 by 8: a convolution, and a layer whose weights are `scale` times as large. */
export function classifierNet(scale = 1): OnnxModel {
  const spread = (count: number, factor: number) =>
    Array.from({ length: count }, (_, index) => factor * (((index * 37) % 11) / 10 - 0.5));
  return model({
    name: 'classifier',
    opsets: { '': 17 },
    inputs: [tensorValue('x', float32, ['n', 1, 8, 8])],
    outputs: [tensorValue('scores', float32, ['n', 2])],
    nodes: [
      node('Conv', ['x', 'filter'], ['seen'], { kernel_shape: { ints: [3, 3] }, pads: { ints: [1, 1, 1, 1] } }),
      node('Relu', ['seen'], ['active']),
      node('GlobalAveragePool', ['active'], ['mean']),
      node('Flatten', ['mean'], ['flat']),
      node('Gemm', ['flat', 'weights'], ['logits']),
      node('Softmax', ['logits'], ['scores']),
    ],
    initializers: [floats('filter', [4, 1, 3, 3], spread(36, 1)), floats('weights', [4, 2], spread(8, 4 * scale))],
  });
}

/** A convolution with something behind it. */
export function netWith(...behind: NodeProto[]): OnnxModel {
  return model({
    name: 'net',
    opsets: { '': 17 },
    inputs: [tensorValue('x', float32, ['n', 1, 4, 4])],
    outputs: [tensorValue('y', float32, ['n', 1, 4, 4])],
    nodes: [node('Conv', ['x', 'w'], ['c'], { kernel_shape: { ints: [1, 1] } }), ...behind],
    initializers: [floats('w', [1, 1, 1, 1], [2])],
  });
}
