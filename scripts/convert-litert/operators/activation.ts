// Operators on one value element by element.
import { activationOf, clipLimits } from '../fusions.ts';
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import { decimal, type SourceNode } from '../source-graph.ts';
import { activations, type OperatorName } from '../tflite/schema.ts';
import type { Family } from './family.ts';

export const activation: Family = {
  Sigmoid: unary('LOGISTIC'),
  Tanh: unary('TANH'),
  Exp: unary('EXP'),
  Log: unary('LOG'),
  Sqrt: unary('SQRT'),
  Neg: unary('NEG'),
  Abs: unary('ABS'),
  Floor: unary('FLOOR'),
  Ceil: unary('CEIL'),
  Relu: unary('RELU'),
  HardSwish: unary('HARD_SWISH'),
  Elu(lowering, node) {
    if (decimal(node, 'alpha', 1) !== 1) throw new Refusal('Elu', 'alpha other than 1 is not covered');
    unary('ELU')(lowering, node);
  },
  LeakyRelu(lowering, node) {
    const { order, input, output } = operands(lowering, node);
    lowering.write(output, order, 'LEAKY_RELU', [input], { alpha: decimal(node, 'alpha', 0.01) });
  },
  Clip: clip,
  HardSigmoid: hardSigmoid,
};

function unary(operator: OperatorName) {
  return (lowering: Lowering, node: SourceNode) => {
    const { order, input, output } = operands(lowering, node);
    lowering.write(output, order, operator, [input]);
  };
}

function operands(lowering: Lowering, { inputs: [name = ''], outputs: [output = ''] }: SourceNode) {
  const order = lowering.orderOf([name]);
  return { order, input: lowering.read(name, order), output, shape: lowering.shapeIn(name, order) };
}

function clip(lowering: Lowering, node: SourceNode): void {
  const fused = activationOf(lowering.graph, node);
  if (fused === 'RELU' || fused === 'RELU6') {
    unary(fused)(lowering, node);
    return;
  }
  const { low, high } = clipLimits(lowering.graph, node);
  if (Number.isNaN(low) || Number.isNaN(high)) throw new Refusal('Clip', 'its limits are computed, expected constants');
  const { order, input, output, shape } = operands(lowering, node);
  const limits = [Math.max(low, -3.4e38), Math.min(high, 3.4e38)] as const;
  const raised = lowering.step('MAXIMUM', [input, lowering.floats([limits[0]])], shape);
  lowering.write(output, order, 'MINIMUM', [raised, lowering.floats([limits[1]])]);
}

/** clip(alpha x + beta, 0, 1) as the sixth part of a value that is clipped at 6, for which there is an activation. */
function hardSigmoid(lowering: Lowering, node: SourceNode): void {
  const { order, input, output, shape } = operands(lowering, node);
  const [alpha, beta] = [decimal(node, 'alpha', 0.2), decimal(node, 'beta', 0.5)];
  const scaled = lowering.step('MUL', [input, lowering.floats([6 * alpha])], shape, { activation: 0 });
  const options = { activation: activations.RELU6 };
  const clipped = lowering.step('ADD', [scaled, lowering.floats([6 * beta])], shape, options);
  lowering.write(output, order, 'MUL', [clipped, lowering.floats([1 / 6])], { activation: 0 });
}
