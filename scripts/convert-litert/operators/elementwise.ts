// Operators on two values element by element, and the normalisation by constants that is left where no convolution took it.
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import { decimal, type SourceNode } from '../source-graph.ts';
import { activations, type OperatorName, type OptionValues } from '../tflite/schema.ts';
import type { Family } from './family.ts';

export const elementwise: Family = {
  Add: fusing('ADD'),
  Sub: fusing('SUB'),
  Mul: fusing('MUL'),
  Div: fusing('DIV'),
  Pow: plain('POW'),
  Max: plain('MAXIMUM'),
  Min: plain('MINIMUM'),
  BatchNormalization: normalise,
};

function fusing(operator: OperatorName) {
  return (lowering: Lowering, node: SourceNode) =>
    writeBinary(lowering, node, operator, { activation: activations[node.activation] });
}

function plain(operator: OperatorName) {
  return (lowering: Lowering, node: SourceNode) => writeBinary(lowering, node, operator, {});
}

function writeBinary(lowering: Lowering, node: SourceNode, operator: OperatorName, options: OptionValues): void {
  if (node.inputs.length !== 2) throw new Refusal(node.operator, `of ${node.inputs.length} values, expected 2`);
  const [output = ''] = node.outputs;
  const order = lowering.orderOf(node.inputs);
  const inputs = node.inputs.map((name) => lowering.read(name, order));
  lowering.write(output, order, operator, inputs, options);
}

/** (x - mean) / sqrt(variance + epsilon) * scale + offset, with constants: one product and one sum. */
function normalise(lowering: Lowering, node: SourceNode): void {
  const [input = '', ...parameters] = node.inputs;
  const [output = ''] = node.outputs;
  const [scale, offset, mean, variance] = parameters.map((name) => lowering.graph.numbers(name));
  if (!(scale && offset && mean && variance)) {
    throw new Refusal('BatchNormalization', 'its parameters are computed, expected constants');
  }
  const epsilon = decimal(node, 'epsilon', 1e-5);
  const factors = scale.map((each, index) => each / Math.sqrt((variance[index] ?? 0) + epsilon));
  const addends = offset.map((each, index) => each - (mean[index] ?? 0) * (factors[index] ?? 0));
  const shape = lowering.shape(input);
  if (shape.length !== 4) throw new Refusal('BatchNormalization', `of ${shape.length} dimensions, expected 4`);
  const tensor = lowering.read(input, 'channels last');
  const size = lowering.shapeIn(input, 'channels last');
  const scaled = lowering.step('MUL', [tensor, lowering.floats(factors)], size, { activation: 0 });
  const options = { activation: activations[node.activation] };
  lowering.write(output, 'channels last', 'ADD', [scaled, lowering.floats(addends)], options);
}
