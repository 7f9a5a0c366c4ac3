// Operators that move elements and compute nothing.
import { axisIn, eachAxisIn, keepsElements, permutationIn, permuteShape } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import { integer, integers, type SourceNode, text } from '../source-graph.ts';
import type { Family } from './family.ts';

export const movement: Family = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Identity: pass,
  Dropout: pass,
  Concat(lowering, node) {
    const [output = ''] = node.outputs;
    const order = lowering.orderOf(node.inputs);
    const axis = axisIn(order, axisOf(integer(node, 'axis', 0), lowering.shape(output).length));
    const inputs = node.inputs.map((name) => lowering.read(name, order));
    lowering.write(output, order, 'CONCATENATION', inputs, { axis, activation: 0 });
  },
  Slice: slice,
  Split: split,
  Pad: pad,
  DepthToSpace(lowering, node) {
    if (text(node, 'mode', 'DCR') === 'CRD') shuffle(lowering, node);
    else writeBlocks(lowering, node, 'DEPTH_TO_SPACE', integer(node, 'blocksize', 1));
  },
  PixelShuffle: shuffle,
  SpaceToDepth: (lowering, node) => writeBlocks(lowering, node, 'SPACE_TO_DEPTH', integer(node, 'blocksize', 1)),
};

function reshape(lowering: Lowering, { inputs: [input = ''], outputs: [output = ''] }: SourceNode): void {
  lowering.reshape(output, 'declared', lowering.readElements(input));
}

function pass(lowering: Lowering, { inputs: [input = ''], outputs: [output = ''] }: SourceNode): void {
  const order = lowering.orderOf([input]);
  lowering.alias(output, order, lowering.read(input, order));
}

function transpose(lowering: Lowering, node: SourceNode): void {
  const [input = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const order = lowering.orderOf([input]);
  const shape = lowering.shape(input);
  const permutation = permutationIn(order, integers(node, 'perm') ?? shape.map((_, axis) => axis).reverse());
  const from = lowering.read(input, order);
  // Channels last as the model itself wants them: nothing is left to move.
  if (permutation.every((axis, index) => axis === index)) lowering.alias(output, 'declared', from);
  else if (keepsElements(lowering.shapeIn(input, order), permutation)) lowering.reshape(output, 'declared', from);
  else lowering.write(output, 'declared', 'TRANSPOSE', [from, lowering.integers(permutation)]);
}

function slice(lowering: Lowering, node: SourceNode): void {
  const [input = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const shape = lowering.shape(input);
  const given = (index: number, attribute: string) =>
    node.inputs[index] ? lowering.graph.numbers(node.inputs[index]) : integers(node, attribute);
  const starts = given(1, 'starts');
  if (starts === null) throw new Refusal('Slice', 'its starts are computed, expected constants');
  const axes = given(3, 'axes') ?? starts.map((_, index) => index);
  if ((given(4, 'steps') ?? []).some((step) => step !== 1))
    throw new Refusal('Slice', 'steps other than 1 are not covered');
  const begin = shape.map(() => 0);
  axes.forEach((axis, index) => {
    const at = axisOf(axis, shape.length);
    const size = shape[at] ?? 1;
    const start = starts[index] ?? 0;
    begin[at] = Math.min(Math.max(start < 0 ? start + size : start, 0), size);
  });
  const order = lowering.orderOf([input]);
  const bounds = [begin, [...lowering.shape(output)]].map((each) => lowering.integers(eachAxisIn(order, each)));
  lowering.write(output, order, 'SLICE', [lowering.read(input, order), ...bounds]);
}

function split(lowering: Lowering, node: SourceNode): void {
  const [input = ''] = node.inputs;
  const shape = lowering.shape(input);
  const axis = axisOf(integer(node, 'axis', 0), shape.length);
  const order = lowering.orderOf([input]);
  const from = lowering.read(input, order);
  let start = 0;
  for (const output of node.outputs) {
    const size = lowering.shape(output);
    const begin = shape.map((_, at) => (at === axis ? start : 0));
    const bounds = [begin, [...size]].map((each) => lowering.integers(eachAxisIn(order, each)));
    lowering.write(output, order, 'SLICE', [from, ...bounds]);
    start += size[axis] ?? 0;
  }
}

function pad(lowering: Lowering, node: SourceNode): void {
  const [input = '', amountsName] = node.inputs;
  const [output = ''] = node.outputs;
  if (text(node, 'mode', 'constant') !== 'constant')
    throw new Refusal('Pad', 'modes other than constant are not covered');
  const amounts = amountsName ? lowering.graph.numbers(amountsName) : integers(node, 'pads');
  const filler = node.inputs[2] ? lowering.graph.scalar(node.inputs[2]) : 0;
  if (amounts === null || filler === null) throw new Refusal('Pad', 'its pads are computed, expected constants');
  const rank = lowering.shape(input).length;
  if (amounts.length !== 2 * rank || amounts.some((amount) => amount < 0)) {
    throw new Refusal('Pad', 'negative pads and chosen axes are not covered');
  }
  const order = lowering.orderOf([input]);
  const sides = eachAxisIn(
    order,
    amounts.slice(0, rank).map((begin, axis) => [begin, amounts[rank + axis] ?? 0]),
  );
  const data = new Uint8Array(Int32Array.from(sides.flat()).buffer);
  const inputs = [lowering.read(input, order), lowering.constant('INT32', [rank, 2], data)];
  if (filler === 0) lowering.write(output, order, 'PAD', inputs);
  else lowering.write(output, order, 'PADV2', [...inputs, lowering.floats([filler])]);
}

/** Channels outermost, then rows and columns of the block: with one channel the same as TensorFlow Lite's order. */
function shuffle(lowering: Lowering, node: SourceNode): void {
  const [, channels = 0, height = 0] = lowering.shape(node.outputs[0] ?? '');
  const [, , before = 1] = lowering.shape(node.inputs[0] ?? '');
  const block = height / before;
  if (channels === 1) {
    writeBlocks(lowering, node, 'DEPTH_TO_SPACE', block);
    return;
  }
  const [n = 1, , rows = 1, columns = 1] = lowering.shape(node.inputs[0] ?? '');
  const apart = [n, channels, block, block, rows, columns];
  const elements = lowering.read(node.inputs[0] ?? '', 'declared');
  const parts = lowering.step('RESHAPE', [elements, lowering.integers(apart)], apart, { newShape: apart });
  const turn = [0, 1, 4, 2, 5, 3];
  const turned = lowering.step('TRANSPOSE', [parts, lowering.integers(turn)], permuteShape(apart, turn));
  lowering.reshape(node.outputs[0] ?? '', 'declared', turned);
}

function writeBlocks(
  lowering: Lowering,
  { inputs: [input = ''], outputs: [output = ''] }: SourceNode,
  operator: 'DEPTH_TO_SPACE' | 'SPACE_TO_DEPTH',
  blockSize: number,
): void {
  const order = 'channels last';
  lowering.write(output, order, operator, [lowering.read(input, order)], { blockSize });
}

function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
