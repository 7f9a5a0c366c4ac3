// Sums, means and extremes over dimensions, and the softmax.
import { axisIn } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import { integer, integers, type SourceNode } from '../source-graph.ts';
import type { OperatorName } from '../tflite/schema.ts';
import type { Family } from './family.ts';

/** From here on the softmax is over one dimension; before, over all from one on. */
const softmaxOverOneDimension = 13;

export const reduction: Family = {
  ReduceMean: reduce('MEAN'),
  ReduceSum: reduce('SUM'),
  ReduceMax: reduce('REDUCE_MAX'),
  ReduceMin: reduce('REDUCE_MIN'),
  Softmax: softmax,
};

function reduce(operator: OperatorName) {
  return (lowering: Lowering, node: SourceNode) => {
    const [input = '', axesName = ''] = node.inputs;
    const [output = ''] = node.outputs;
    const rank = lowering.shape(input).length;
    const all = lowering.shape(input).map((_, axis) => axis);
    const given = axesName === '' ? (integers(node, 'axes') ?? all) : lowering.graph.numbers(axesName);
    if (given === null || given.length === 0) throw new Refusal(node.operator, 'its axes are not known');
    const keepDimensions = integer(node, 'keepdims', 1);
    const order = keepDimensions === 1 ? lowering.orderOf([input]) : 'declared';
    const axes = given.map((axis) => axisIn(order, axis < 0 ? axis + rank : axis));
    const inputs = [lowering.read(input, order), lowering.integers(axes)];
    lowering.write(output, order, operator, inputs, { keepDimensions });
  };
}

function softmax(lowering: Lowering, node: SourceNode): void {
  const [input = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const shape = lowering.shape(input);
  const isOld = lowering.graph.opset < softmaxOverOneDimension;
  const axis = integer(node, 'axis', isOld ? 1 : -1);
  const at = axis < 0 ? axis + shape.length : axis;
  if (at === shape.length - 1) {
    lowering.write(output, 'declared', 'SOFTMAX', [lowering.read(input, 'declared')], { beta: 1 });
    return;
  }
  const order = lowering.orderOf([input]);
  if (!isOld && axisIn(order, at) === shape.length - 1) {
    lowering.write(output, order, 'SOFTMAX', [lowering.read(input, order)], { beta: 1 });
    return;
  }
  if (!isOld) throw new Refusal('Softmax', 'over another dimension than the last is not covered');
  const count = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);
  const flat = [count(shape.slice(0, at)), count(shape.slice(at))];
  const elements = lowering.readElements(input);
  const rows = lowering.step('RESHAPE', [elements, lowering.integers(flat)], flat, { newShape: flat });
  lowering.reshape(output, 'declared', lowering.step('SOFTMAX', [rows], flat, { beta: 1 }));
}
