// Operators that draw random numbers: the same input gives other answers at the next run. A fixed seed does not change that, since
// onnxruntime only begins with it when the model is loaded and goes on from run to run.
// @see https://onnx.ai/onnx/operators/ RandomNormal, RandomUniform, Multinomial, Bernoulli, Dropout
import { create } from '@bufbuild/protobuf';
import { GraphIndex, isOperator, valuesRead } from './graph-index.ts';
import type { OnnxModel } from './model-file.ts';
import { type FunctionProto, type GraphProto, GraphProtoSchema, type NodeProto } from './onnx_pb.ts';

const drawing = [
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
] as const;
/** An operator of onnxruntime's own domain: a search that picks tokens by their probability. */
const samplingDomain = 'com.microsoft';
const trainingModeInput = 2;

/** @returns names of the random operators that an output of the model depends on, sorted, each once */
export function randomOperators({ graph, functions }: OnnxModel): string[] {
  const found = new Set<string>();
  const byName = new Map(functions.map((each) => [`${each.domain}:${each.name}`, each]));
  const values = [new GraphIndex(graph)];
  for (const node of nodesBehindOutputs(graph)) collect(node, values, byName, found, new Set());
  return [...found].sort();
}

/** Nodes that some output depends on. */
function nodesBehindOutputs(graph: GraphProto): Set<NodeProto> {
  const index = new GraphIndex(graph);
  const nodes = new Set<NodeProto>();
  const waiting = graph.output.map(({ name }) => name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = index.producer(name);
    if (node === undefined || nodes.has(node)) continue;
    nodes.add(node);
    for (const read of valuesRead(node)) waiting.push(read);
  }
  return nodes;
}

/**
 * @param values of the graph that the node is in, and of those around it
 * @param entered functions that are being looked into: a file from outside may let one call itself
 */
function collect(
  node: NodeProto,
  values: readonly GraphIndex[],
  functions: ReadonlyMap<string, FunctionProto>,
  found: Set<string>,
  entered: ReadonlySet<FunctionProto>,
): void {
  if (drawing.some((type) => isOperator(node, type)) || isOperator(node, 'Sampling', samplingDomain)) {
    found.add(node.opType);
  }
  if (isOperator(node, 'Dropout') && mayDrop(node, values)) found.add(node.opType);
  for (const { g, graphs } of node.attribute) {
    for (const graph of g === undefined ? graphs : [g, ...graphs]) {
      const inner = [new GraphIndex(graph), ...values];
      for (const each of graph.node) collect(each, inner, functions, found, entered);
    }
  }
  const called = functions.get(`${node.domain}:${node.opType}`);
  if (called === undefined || entered.has(called)) return;
  const own = [new GraphIndex(create(GraphProtoSchema, { node: called.node }))];
  for (const each of called.node) collect(each, own, functions, found, new Set([...entered, called]));
}

/** In training mode, or where the caller decides about the mode. Up to operator set 11 the operator only hands its input on. */
function mayDrop({ input }: NodeProto, values: readonly GraphIndex[]): boolean {
  const mode = input[trainingModeInput] ?? '';
  if (mode === '') return false;
  const known = (name: string) => values.flatMap((each) => each.constant(name) ?? [])[0];
  return known(mode) !== 0 && known(input[1] ?? '') !== 0;
}
