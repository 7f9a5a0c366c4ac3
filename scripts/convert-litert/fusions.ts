// Groups of ONNX operators that TensorFlow Lite has as one: an activation after an operator, the hard swish, the pixel shuffle.
import { decimal, integers, type SourceGraph, type SourceNode } from './source-graph.ts';
import type { Activation } from './tflite/schema.ts';

const takesActivation = new Set([
  'Conv',
  'Gemm',
  'Add',
  'Sub',
  'Mul',
  'Div',
  'MaxPool',
  'AveragePool',
  'BatchNormalization',
]);
const tolerance = 1e-6;

/** Operators of no ONNX domain that stand for a group. */
export const fusedOperators = { hardSwish: 'HardSwish', pixelShuffle: 'PixelShuffle' } as const;

export function fuse(graph: SourceGraph): void {
  for (const node of graph.nodes) fuseHardSwish(graph, node);
  for (const node of graph.nodes) fusePixelShuffle(graph, node);
  for (const node of graph.nodes) fuseActivation(graph, node);
}

function fuseActivation(graph: SourceGraph, node: SourceNode): void {
  // A node that an earlier fusion has taken is not in the graph any more.
  if (!takesActivation.has(node.operator) || !graph.nodes.includes(node)) return;
  const next = graph.onlyConsumer(node.outputs[0] ?? '');
  const activation = next === undefined ? null : activationOf(graph, next);
  if (next === undefined || activation === null) return;
  graph.replace([node, next], { ...node, outputs: next.outputs, activation });
}

/** Null for what cannot be part of the operator before it. */
export function activationOf(graph: SourceGraph, node: SourceNode): Activation | null {
  if (node.operator === 'Relu') return 'RELU';
  if (node.operator !== 'Clip') return null;
  const { low, high } = clipLimits(graph, node);
  if (low !== 0) return null;
  if (high === 6) return 'RELU6';
  return high === Number.POSITIVE_INFINITY ? 'RELU' : null;
}

/** NaN where a limit is not the same at every run. */
export function clipLimits(graph: SourceGraph, node: SourceNode): { low: number; high: number } {
  const limit = (index: number, attribute: string, otherwise: number) => {
    const name = node.inputs[index] ?? '';
    const value = name === '' ? decimal(node, attribute, otherwise) : (graph.scalar(name) ?? Number.NaN);
    return Math.abs(value) > 3.4e38 ? otherwise : value;
  };
  return {
    low: limit(1, 'min', Number.NEGATIVE_INFINITY),
    high: limit(2, 'max', Number.POSITIVE_INFINITY),
  };
}

/** x * clip(x + 3, 0, 6) / 6 in the orders in which exporters write it, and x * HardSigmoid(x). */
function fuseHardSwish(graph: SourceGraph, product: SourceNode): void {
  if (product.operator !== 'Mul' || !graph.nodes.includes(product)) return;
  for (const [own, gateName] of pairs(product.inputs)) {
    const gate = graph.producer(gateName);
    if (gate === undefined || graph.onlyConsumer(gateName) !== product) continue;
    if (gate.operator === 'HardSigmoid' && gate.inputs[0] === own && isSixth(gate)) {
      become(graph, [gate, product], own, product);
      return;
    }
    // clip(x + 3, 0, 6) / 6 * x
    const scaled = sixthOf(graph, gate);
    const early = scaled === null ? null : shiftedClip(graph, scaled, own, gate);
    if (early !== null) {
      become(graph, [...early, gate, product], own, product);
      return;
    }
    // clip(x + 3, 0, 6) * x / 6
    const late = shiftedClip(graph, gateName, own, product);
    const last = graph.onlyConsumer(product.outputs[0] ?? '');
    if (late !== null && last !== undefined && sixthOf(graph, last) === product.outputs[0]) {
      become(graph, [...late, product, last], own, last);
      return;
    }
  }
}

function become(graph: SourceGraph, group: readonly SourceNode[], input: string, { outputs }: SourceNode): void {
  const operator = fusedOperators.hardSwish;
  graph.replace(group, { operator, proto: null, inputs: [input], outputs, activation: 'NONE' });
}

function isSixth(gate: SourceNode): boolean {
  return near(decimal(gate, 'alpha', 0.2), 1 / 6) && near(decimal(gate, 'beta', 0.5), 0.5);
}

/** The value of which the node makes the sixth part; null for every other node. */
function sixthOf(graph: SourceGraph, node: SourceNode): string | null {
  const [first = '', second = ''] = node.inputs;
  if (node.operator === 'Div' && graph.scalar(second) === 6) return first;
  if (node.operator !== 'Mul') return null;
  for (const [value, factor] of pairs([first, second])) {
    if (near(graph.scalar(factor) ?? Number.NaN, 1 / 6)) return value;
  }
  return null;
}

/** The two nodes that make clip(x + 3, 0, 6) for `reader` alone. */
function shiftedClip(graph: SourceGraph, name: string, x: string, reader: SourceNode): SourceNode[] | null {
  const clip = graph.producer(name);
  if (clip?.operator !== 'Clip' || graph.onlyConsumer(name) !== reader) return null;
  const { low, high } = clipLimits(graph, clip);
  if (low !== 0 || high !== 6) return null;
  const [sumName = ''] = clip.inputs;
  const sum = graph.producer(sumName);
  if (sum?.operator !== 'Add' || graph.onlyConsumer(sumName) !== clip) return null;
  const isSum = pairs(sum.inputs).some(([value, addend]) => value === x && graph.scalar(addend) === 3);
  return isSum ? [sum, clip] : null;
}

/** Reshape to [N, C, r, r, H, W], Transpose 0 1 4 2 5 3, Reshape to [N, C, r H, r W]. */
function fusePixelShuffle(graph: SourceGraph, split: SourceNode): void {
  if (split.operator !== 'Reshape') return;
  const [input = ''] = split.inputs;
  const [splitName = ''] = split.outputs;
  const turn = graph.onlyConsumer(splitName);
  const joined = turn?.operator === 'Transpose' ? graph.onlyConsumer(turn.outputs[0] ?? '') : undefined;
  if (turn === undefined || joined?.operator !== 'Reshape') return;
  const [n, channels, across, down, height, width, ...more] = graph.value(splitName).shape;
  if (String(integers(turn, 'perm')) !== '0,1,4,2,5,3' || more.length > 0 || across !== down) return;
  const block = across ?? 0;
  const wanted = [n, channels, block * (height ?? 0), block * (width ?? 0)];
  const from = [n, (channels ?? 0) * block * block, height, width];
  if (String(graph.value(joined.outputs[0] ?? '').shape) !== String(wanted)) return;
  if (String(graph.value(input).shape) !== String(from)) return;
  const operator = fusedOperators.pixelShuffle;
  const { outputs } = joined;
  graph.replace([split, turn, joined], { operator, proto: null, inputs: [input], outputs, activation: 'NONE' });
}

function pairs([first = '', second = '']: readonly string[]): [string, string][] {
  return [
    [first, second],
    [second, first],
  ];
}

function near(value: number, expected: number): boolean {
  return Math.abs(value - expected) <= tolerance;
}
