// Between integers and FP32, where an operator in FP32 stands beside one in integers.
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import type { SourceNode } from '../source-graph.ts';
import type { Family } from './family.ts';

export const quantising: Family = {
  QuantizeLinear: (lowering, node) => change(lowering, node, 'QUANTIZE', node.outputs[0] ?? ''),
  DequantizeLinear: (lowering, node) => change(lowering, node, 'DEQUANTIZE', node.inputs[0] ?? ''),
};

function change(lowering: Lowering, node: SourceNode, operator: 'QUANTIZE' | 'DEQUANTIZE', stored: string): void {
  const [input = ''] = node.inputs;
  const scales = lowering.graph.quantisations.get(stored)?.scales;
  if (scales?.length !== 1) throw new Refusal(node.operator, 'expected one constant scale');
  const order = lowering.orderOf([input]);
  lowering.write(node.outputs[0] ?? '', order, operator, [lowering.read(input, order)]);
}
