// A classifier whose answers are known, and rows to judge it by.
import { mlDomain, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import type { OnnxModel } from '../../../scripts/onnx/model-file.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';
import { graph } from '../onnx/classes/graphs.ts';

/** P(good) = 1 / (1 + e^-2(x - boundary)), for x [n,1] FP32, or an input of another name; label 'bad' or 'good', probability [n,2]. */
export function classifier(boundary: number, input = 'x'): OnnxModel {
  const { FLOAT, STRING } = TensorProto_DataType;
  const attributes = {
    coefficients: { floats: [-1, 1] },
    intercepts: { floats: [boundary, -boundary] },
    post_transform: { string: 'SOFTMAX' },
    classlabels_strings: { strings: ['bad', 'good'] },
  };
  return model({
    name: 'classifier',
    opsets: { [mlDomain]: 1 },
    inputs: [tensorValue(input, FLOAT, ['n', 1])],
    outputs: [tensorValue('label', STRING, ['n']), tensorValue('probability', FLOAT, ['n', 2])],
    nodes: [node('LinearClassifier', [input], ['label', 'probability'], attributes, mlDomain)],
  });
}

/** P(pos) = 1 / (1 + e^-x), for x [n,1] FP32; label 'pos' from 0.2 on. */
export const thresholded: OnnxModel = graph(
  [
    node('Neg', ['x'], ['m']),
    node('Sigmoid', ['x'], ['s']),
    node('Sigmoid', ['m'], ['r']),
    node('Concat', ['r', 's'], ['p'], { axis: { int: 1 } }),
    node('Squeeze', ['s', '#one'], ['flat']),
    node('GreaterOrEqual', ['flat', 't'], ['over']),
    node('Where', ['over', 'yes', 'no'], ['label']),
  ],
  [
    ['label', TensorProto_DataType.STRING, 'n'],
    ['p', TensorProto_DataType.FLOAT, 'n', 2],
  ],
  { '#one': [1], t: [0.2], yes: ['pos'], no: ['neg'] },
  [['x', TensorProto_DataType.FLOAT, 'n', 1]],
);

/** x from -1.98 to 1.98 in steps of 0.04, good above 0: a boundary at 0 makes no mistake, one at 0.29 makes seven. */
export const classifierRows = [
  'x,quality',
  ...Array.from({ length: 100 }, (_, row) => `${((row - 49.5) * 0.04).toFixed(2)},${row >= 50 ? 'good' : 'bad'}`),
].join('\n');
