// The bias of a convolution or a matrix product: one number for each output. Kernels of integers want one even where it is zero.
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import type { SourceNode } from '../source-graph.ts';

export function bias(lowering: Lowering, node: SourceNode, name: string, outputs: number, factor = 1): number {
  const [input = '', filter = ''] = node.inputs;
  if (lowering.isQuantised(input)) return integerBias(lowering, input, filter, name, outputs);
  if (name === '') return lowering.floats(Array<number>(outputs).fill(0));
  const values = lowering.graph.numbers(name);
  if (values === null) throw new Refusal(node.operator, `its bias '${name}' is computed, expected a constant`);
  if (values.length !== outputs && values.length !== 1) {
    throw new Refusal(node.operator, `its bias '${name}' has ${values.length} elements, expected ${outputs}`);
  }
  const [only = 0] = values;
  const each = values.length === outputs ? values : Array<number>(outputs).fill(only);
  return lowering.floats(each.map((value) => value * factor));
}

function integerBias(lowering: Lowering, input: string, filter: string, name: string, outputs: number): number {
  const { graph } = lowering;
  const [scale = 1] = graph.quantisations.get(input)?.scales ?? [];
  const filterScales = graph.quantisations.get(filter)?.scales ?? [1];
  const scales = filterScales.map((each) => each * scale);
  const quantisation = { scales, zeroPoints: scales.map(() => 0), dimension: 0 };
  const values = name === '' ? Array<number>(outputs).fill(0) : (graph.numbers(name) ?? []);
  return lowering.constant('INT32', [outputs], new Uint8Array(Int32Array.from(values).buffer), quantisation);
}
