// Pools over a window, and over the whole picture.
import { axisIn } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import { integer, type SourceNode } from '../source-graph.ts';
import { activations } from '../tflite/schema.ts';
import type { Family } from './family.ts';
import { hasCeilMode, padded, strideOptions, type Window, windowOf } from './window.ts';

/** The smallest FP32: padding must never be the largest of a window. */
const lowest = -3.4028234663852886e38;

export const pooling: Family = {
  MaxPool(lowering, node) {
    if (node.outputs.filter((name) => name !== '').length > 1)
      throw new Refusal('MaxPool', 'its indices are not covered');
    const window = undilatedWindow(lowering, node);
    const isPaddedInteger = window.pads !== null && lowering.isQuantised(node.inputs[0] ?? '');
    if (isPaddedInteger) throw new Refusal('MaxPool', 'padded integers are not covered');
    writePool(lowering, node, 'MAX_POOL_2D', window, lowest);
  },
  AveragePool(lowering, node) {
    const window = undilatedWindow(lowering, node);
    const countsPads = integer(node, 'count_include_pad', 0) === 1;
    // SAME leaves padding out of the mean, PAD counts it.
    const isSame = window.pads === null && window.padding === 0;
    if (hasCeilMode(node) || countsPads === isSame) {
      const isPadded = window.pads !== null || isSame;
      if (isPadded) throw new Refusal('AveragePool', `count_include_pad ${countsPads} with these pads is not covered`);
    }
    writePool(lowering, node, 'AVERAGE_POOL_2D', window, null);
  },
  GlobalAveragePool: (lowering, node) => writeGlobal(lowering, node, 'MEAN'),
  GlobalMaxPool: (lowering, node) => writeGlobal(lowering, node, 'REDUCE_MAX'),
};

function undilatedWindow(lowering: Lowering, node: SourceNode): Window {
  const window = windowOf(lowering, node, null);
  if (window.dilations.some((each) => each !== 1)) throw new Refusal(node.operator, 'dilations are not covered');
  return window;
}

function writePool(
  lowering: Lowering,
  node: SourceNode,
  operator: 'MAX_POOL_2D' | 'AVERAGE_POOL_2D',
  window: Window,
  filler: number | null,
): void {
  const [filterHeight, filterWidth] = window.kernel;
  const options = {
    ...strideOptions(window),
    filterWidth,
    filterHeight,
    activation: activations[node.activation],
  };
  const input = padded(lowering, node, window, filler);
  lowering.write(node.outputs[0] ?? '', 'channels last', operator, [input], options);
}

function writeGlobal(lowering: Lowering, node: SourceNode, operator: 'MEAN' | 'REDUCE_MAX'): void {
  const [input = ''] = node.inputs;
  if (lowering.shape(input).length !== 4) throw new Refusal(node.operator, 'expected 2 dimensions to pool over');
  const order = 'channels last';
  const axes = lowering.integers([2, 3].map((axis) => axisIn(order, axis)));
  lowering.write(node.outputs[0] ?? '', order, operator, [lowering.read(input, order), axes], { keepDimensions: 1 });
}
