// How finely the outputs of a quantised model can differ: the scale of the last integers, where nothing behind them enlarges it.
import { expect, it } from 'vitest';
import { outputSteps } from '../../../scripts/convert-litert/output-steps.ts';
import { SourceGraph } from '../../../scripts/convert-litert/source-graph.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import type { NodeProto } from '../../../scripts/onnx/onnx_pb.ts';

/** `q` and `r` are integers with scales of 0.5 and 0.25, `w` is a constant. */
function stepsBehind(...nodes: NodeProto[]) {
  const { graph } = model({
    name: 'integers',
    opsets: { '': 17 },
    inputs: [tensorValue('x', 1, [1, 4])],
    outputs: [tensorValue('y', 1, [1, 4])],
    nodes: [
      node('DequantizeLinear', ['q', 'w'], ['d']),
      node('DequantizeLinear', ['r', 'w'], ['e']),
      node('Relu', ['x'], ['float']),
      ...nodes,
    ],
    initializers: [floats('w', [1], [1])],
  });
  const source = new SourceGraph(graph, 17, new Map());
  source.quantisations.set('q', { scales: [0.5], zeroPoints: [0], dimension: 0 });
  source.quantisations.set('r', { scales: [0.25], zeroPoints: [0], dimension: 0 });
  return outputSteps(source);
}

it.each<[string, NodeProto[], Record<string, number>]>([
  ['directly', [node('Identity', ['d'], ['y'])], { y: 0.5 }],
  ['through a softmax', [node('Softmax', ['e'], ['y'])], { y: 0.25 }],
  ['the coarser of two that are joined', [node('Concat', ['e', 'd'], ['y'])], { y: 0.5 }],
  ['not through a product', [node('Mul', ['d', 'w'], ['y'])], {}],
  ['not where numbers of another origin come in', [node('Concat', ['d', 'float'], ['y'])], {}],
  ['not of constants', [node('Identity', ['w'], ['y'])], {}],
])('an output has the step of its integers: %s', (_, nodes, steps) => {
  expect(stepsBehind(...nodes)).toEqual(steps);
});
