// How finely a quantised model can answer. Two runtimes round the integers between layers otherwise, so that the last ones may be some
// steps apart: a tolerance that is finer than a step would tell nothing but luck.
import { largest } from '../../registry/extremes.ts';
import type { SourceGraph } from './source-graph.ts';

/** Operators whose outputs differ by no more than their inputs do. */
const handsOn = new Set([
  'Clip',
  'Concat',
  'DequantizeLinear',
  'Flatten',
  'GlobalAveragePool',
  'Identity',
  'MaxPool',
  'Relu',
  'Reshape',
  'Sigmoid',
  'Slice',
  'Softmax',
  'Split',
  'Squeeze',
  'Tanh',
  'Transpose',
  'Unsqueeze',
]);

/**
 * @param graph whose quantisation is paired
 * @returns the scale of the last integers by output; of several the largest. An output is left out that is not made of integers alone
 * by operators that keep differences as small as they are
 */
export function outputSteps(graph: SourceGraph): Record<string, number> {
  const known = new Map<string, number | null>();
  const steps: Record<string, number> = {};
  for (const output of graph.outputs) {
    const step = stepOf(graph, output, known);
    if (step !== null && step > 0) steps[output] = step;
  }
  return steps;
}

/** Null where the value is not bound to steps. @param known of values that were asked before: a graph may join many times over */
function stepOf(graph: SourceGraph, name: string, known: Map<string, number | null>): number | null {
  const before = known.get(name);
  if (before !== undefined) return before;
  const step = findStep(graph, name, known);
  known.set(name, step);
  return step;
}

function findStep(graph: SourceGraph, name: string, known: Map<string, number | null>): number | null {
  const scales = graph.quantisations.get(name)?.scales;
  if (scales !== undefined && !graph.constants.has(name)) return largest(scales);
  const producer = graph.producer(name);
  if (producer === undefined || !handsOn.has(producer.operator)) return null;
  const read = producer.inputs.filter((input) => input !== '' && !graph.constants.has(input));
  const steps = read.map((input) => stepOf(graph, input, known)).filter((step) => step !== null);
  return steps.length < read.length || steps.length === 0 ? null : largest(steps);
}
