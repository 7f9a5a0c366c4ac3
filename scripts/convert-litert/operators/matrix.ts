// Matrix products: with a constant matrix a fully connected layer, else a product of batches.
import { filterPermutations } from '../layout.ts';
import { Refusal } from '../refusal.ts';
import { decimal, integer } from '../source-graph.ts';
import { activations } from '../tflite/schema.ts';
import { bias } from './bias.ts';
import type { Family } from './family.ts';

export const matrix: Family = {
  Gemm(lowering, node) {
    const [input = '', filter = '', offsets = ''] = node.inputs;
    const [output = ''] = node.outputs;
    if (integer(node, 'transA', 0) !== 0) throw new Refusal('Gemm', 'a transposed input is not covered');
    if (decimal(node, 'alpha', 1) !== 1) throw new Refusal('Gemm', 'alpha other than 1 is not covered');
    const isTurned = integer(node, 'transB', 0) === 1;
    const permutation = isTurned ? [0, 1] : filterPermutations.matrix;
    const outputs = lowering.shape(output).at(-1) ?? 0;
    const inputs = [
      lowering.read(input, 'declared'),
      lowering.filter(filter, node, permutation),
      bias(lowering, node, offsets, outputs, decimal(node, 'beta', 1)),
    ];
    lowering.write(output, 'declared', 'FULLY_CONNECTED', inputs, { activation: activations[node.activation] });
  },
  MatMul(lowering, node) {
    const [input = '', filter = ''] = node.inputs;
    const [output = ''] = node.outputs;
    const rank = lowering.shape(input).length;
    if (rank < 2 || lowering.shape(filter).length < 2) throw new Refusal('MatMul', 'of a vector is not covered');
    if (!lowering.isConstant(filter) || lowering.shape(filter).length !== 2) {
      const pair = [input, filter].map((name) => lowering.read(name, 'declared'));
      lowering.write(output, 'declared', 'BATCH_MATMUL', pair);
      return;
    }
    const outputs = lowering.shape(output).at(-1) ?? 0;
    const inputs = [
      lowering.read(input, 'declared'),
      lowering.filter(filter, node, filterPermutations.matrix),
      lowering.floats(Array<number>(outputs).fill(0)),
    ];
    lowering.write(output, 'declared', 'FULLY_CONNECTED', inputs, { activation: 0, keepDimensions: rank > 2 ? 1 : 0 });
  },
};
