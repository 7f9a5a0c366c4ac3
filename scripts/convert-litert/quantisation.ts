// Quantised models say QuantizeLinear and DequantizeLinear around operators in FP32. Where an operator stands between such pairs
// and TensorFlow Lite has it for integers, it takes and gives the integers themselves; the scales go with the values.
import { type Constant, integer, numbersOf, type SourceGraph, type SourceNode } from './source-graph.ts';
import type { Quantisation } from './tflite/target-graph.ts';

/** Operators with a filter: the second and third input are constants. */
const filtered = new Set(['Conv', 'Gemm']);
/** Operators that compute with any scales on both sides. */
const rescaling = new Set(['Add', 'Mul', 'GlobalAveragePool']);
/** Operators that hand elements on: the scale on both sides has to be the same. */
const moving = new Set([
  'MaxPool',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Concat',
  'Slice',
  'Relu',
]);
/** By how much the scale of a bias may differ from the product of the other two: they are stored as FP32. */
const scaleTolerance = 1e-3;

export function pairQuantisation(graph: SourceGraph): void {
  for (const node of graph.nodes) {
    const isQuantise = node.operator === 'QuantizeLinear';
    if (!isQuantise && node.operator !== 'DequantizeLinear') continue;
    const name = (isQuantise ? node.outputs : node.inputs)[0] ?? '';
    const quantisation = quantisationOf(graph, node, graph.value(name).type === 'UINT8');
    if (quantisation !== null) graph.quantisations.set(name, quantisation);
  }
  for (const node of graph.nodes) takeIntegers(graph, node);
  foldDequantised(graph);
  graph.sweep();
}

function quantisationOf(graph: SourceGraph, node: SourceNode, isUnsigned: boolean): Quantisation | null {
  const scales = graph.numbers(node.inputs[1]);
  if (scales === null) return null;
  const shape = graph.value(node.inputs[0] ?? '').shape;
  const zeroPoints = graph.numbers(node.inputs[2]) ?? scales.map(() => 0);
  const axis = integer(node, 'axis', 1);
  return {
    scales,
    // Bytes without a sign are stored as bytes with one: see Lowering.
    zeroPoints: zeroPoints.map((zero) => (isUnsigned ? zero - 128 : zero)),
    dimension: scales.length === 1 ? 0 : axis < 0 ? axis + shape.length : axis,
  };
}

function takeIntegers(graph: SourceGraph, node: SourceNode): void {
  const [output = ''] = node.outputs;
  const quantise = graph.onlyConsumer(output);
  if (quantise?.operator !== 'QuantizeLinear' || quantise.inputs[0] !== output) return;
  const [quantised = ''] = quantise.outputs;
  const isFiltered = filtered.has(node.operator);
  const dataInputs = isFiltered
    ? node.inputs.slice(0, 1)
    : node.operator === 'Reshape'
      ? node.inputs.slice(0, 1)
      : node.inputs;
  if (!isFiltered && !rescaling.has(node.operator) && !moving.has(node.operator)) return;
  const sources = dataInputs.map((name) => dequantised(graph, name));
  const target = graph.quantisations.get(quantised);
  if (target === undefined || target.scales.length !== 1 || !sources.every((name) => name !== null)) return;
  const given = sources.map((name) => graph.quantisations.get(name));
  if (!given.every((each) => each !== undefined && each.scales.length === 1)) return;
  if (moving.has(node.operator) && !given.every((each) => each !== undefined && isSame(each, target))) return;
  const filters = isFiltered ? integerFilters(graph, node, given[0]) : node.inputs.slice(dataInputs.length);
  if (filters === null) return;
  graph.replace([node, quantise], { ...node, inputs: [...sources, ...filters], outputs: [quantised] });
}

/** The filter and the bias as integers; null where TensorFlow Lite has no kernel for them. */
function integerFilters(graph: SourceGraph, node: SourceNode, input: Quantisation | undefined): string[] | null {
  const [, filter = '', bias = ''] = node.inputs;
  const weights = dequantised(graph, filter);
  const scale = weights === null ? undefined : graph.quantisations.get(weights);
  if (weights === null || scale === undefined || input === undefined) return null;
  if (graph.constants.get(weights)?.type !== 'INT8' || scale.zeroPoints.some((zero) => zero !== 0)) return null;
  if (scale.scales.length > 1 && scale.dimension !== 0) return null;
  if (bias === '') return [weights];
  const offsets = dequantised(graph, bias);
  if (offsets === null || graph.constants.get(offsets)?.type !== 'INT32') return null;
  const offsetScales = graph.quantisations.get(offsets)?.scales ?? [];
  const fits = offsetScales.every((value, index) => {
    const expected = (input.scales[0] ?? 0) * (scale.scales[scale.scales.length === 1 ? 0 : index] ?? 0);
    return Math.abs(value - expected) <= scaleTolerance * expected;
  });
  return fits ? [weights, offsets] : null;
}

function dequantised(graph: SourceGraph, name: string): string | null {
  const producer = graph.producer(name);
  return producer?.operator === 'DequantizeLinear' ? (producer.inputs[0] ?? null) : null;
}

function isSame(one: Quantisation, other: Quantisation): boolean {
  return one.scales[0] === other.scales[0] && one.zeroPoints[0] === other.zeroPoints[0];
}

/** Constants that only operators in FP32 read become constants in FP32. */
function foldDequantised(graph: SourceGraph): void {
  for (const node of graph.nodes) {
    const [source = ''] = node.inputs;
    const [output = ''] = node.outputs;
    const constant = graph.constants.get(source);
    if (node.operator !== 'DequantizeLinear' || constant === undefined) continue;
    const folded = dequantise(graph, node, constant);
    if (folded === null) continue;
    graph.constants.set(output, folded);
    graph.nodes = graph.nodes.filter((each) => each !== node);
  }
}

function dequantise(graph: SourceGraph, node: SourceNode, constant: Constant): Constant | null {
  const quantisation = quantisationOf(graph, node, false);
  if (quantisation === null) return null;
  const { scales, zeroPoints, dimension } = quantisation;
  const inner = constant.shape.slice(dimension + 1).reduce((product, size) => product * size, 1);
  const size = constant.shape[dimension] ?? 1;
  const values = Float32Array.from(numbersOf(constant), (value, index) => {
    const at = scales.length === 1 ? 0 : Math.floor(index / inner) % size;
    return (scales[at] ?? 0) * (value - (zeroPoints[at] ?? 0));
  });
  return { shape: constant.shape, type: 'FP32', data: new Uint8Array(values.buffer) };
}
