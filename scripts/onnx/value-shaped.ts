// Outputs whose sizes depend on the values of the inputs, not only on their shapes: lists of findings, results of loops. How many
// rows such an output has tells nothing of how many were asked about.
import type { GraphProto, NodeProto } from './onnx_pb.ts';

/** Operators whose outputs are as large as the values decide. */
const alwaysShaped = new Set([
  ...['NonZero', 'NonMaxSuppression', 'Unique', 'Compress', 'Loop', 'StringSplit', 'StringNormalizer', 'ImageDecoder'],
  ...['BeamSearch', 'GreedySearch', 'Sampling'],
]);
/** Inputs, by place, whose values say how large the outputs are. */
const shapingInputs: Readonly<Record<string, readonly number[]>> = {
  ...{ Reshape: [1], Expand: [1], ConstantOfShape: [0], Tile: [1], Pad: [1], Range: [0, 1, 2], TopK: [1] },
  ...{ Slice: [1, 2, 3, 4], DynamicSlice: [1, 2, 3], Resize: [1, 2, 3], Upsample: [1], OneHot: [1] },
  ...{ If: [0], AffineGrid: [1], BlackmanWindow: [0], HammingWindow: [0], HannWindow: [0], CenterCropPad: [1] },
  ...{ STFT: [1, 3], DFT: [1], MaxUnpool: [2], Split: [1], SplitToSequence: [1], Col2Im: [1] },
};
/** They give sizes, whatever the values are. */
const sizeReaders = new Set(['Shape', 'Size']);

interface Dependence {
  /** The elements depend on values of the inputs. */
  readonly value: boolean;
  /** The shape does. */
  readonly shape: boolean;
}

const fixed: Dependence = { value: false, shape: false };

/**
 * @returns the names of the graph's outputs whose shape may depend on values; an operator that is a function of the model itself is
 * taken to make it so
 */
export function valueShapedOutputs(graph: GraphProto, functions: ReadonlySet<string> = new Set()): Set<string> {
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const given = graph.input.filter(({ name }) => !constants.has(name));
  const known = new Map<string, Dependence>(given.map(({ name }) => [name, { value: true, shape: false }]));
  // Nodes stand in the order in which they run.
  for (const node of graph.node) {
    const outcome = dependenceOf(node, known, functions);
    for (const name of node.output) known.set(name, outcome);
  }
  return new Set(graph.output.map(({ name }) => name).filter((name) => known.get(name)?.shape ?? true));
}

function dependenceOf(
  node: NodeProto,
  known: ReadonlyMap<string, Dependence>,
  functions: ReadonlySet<string>,
): Dependence {
  const read = [...node.input.filter((name) => name !== ''), ...captured(node)].map((name) => known.get(name) ?? fixed);
  const shape = read.some((input) => input.shape);
  if (sizeReaders.has(node.opType)) return { value: shape, shape: false };
  const shapes = shapingInputs[node.opType] ?? [];
  const isShaped =
    alwaysShaped.has(node.opType) ||
    functions.has(`${node.domain}:${node.opType}`) ||
    shapes.some((place) => known.get(node.input[place] ?? '')?.value ?? false);
  return { value: read.some(({ value }) => value), shape: shape || isShaped };
}

/** Values that the graphs inside a node read; names of their own among them, which say nothing here. */
function captured(node: NodeProto): string[] {
  const inner = node.attribute.flatMap(({ g, graphs }) => [...(g === undefined ? [] : [g]), ...graphs]);
  return inner.flatMap((graph) => [
    ...graph.node.flatMap((each) => [...each.input.filter((name) => name !== ''), ...captured(each)]),
    ...graph.output.map(({ name }) => name),
  ]);
}

/** Whether activations are quantised at run time, over all records of a request together: then each influences the others a little. */
export function quantisesAtRunTime(graph: GraphProto): boolean {
  return graph.node.some(
    ({ opType, attribute }) =>
      opType.startsWith('Dynamic') ||
      attribute.some(({ g, graphs }) => [...(g === undefined ? [] : [g]), ...graphs].some(quantisesAtRunTime)),
  );
}
