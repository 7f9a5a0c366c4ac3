// Windows that move over a picture: how ONNX's pads become TensorFlow Lite's SAME, VALID or a PAD before the operator.
import { eachAxisIn } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import { integer, integers, type SourceNode, text } from '../source-graph.ts';
import { paddings } from '../tflite/schema.ts';

export interface Window {
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [height: number, width: number];
  readonly dilations: readonly [height: number, width: number];
  readonly padding: number;
  /** Elements to add at the top, left, bottom and right; null where SAME or VALID says it. */
  readonly pads: readonly [top: number, left: number, bottom: number, right: number] | null;
}

/** @param kernel of the filter, where the node does not say it */
export function windowOf(lowering: Lowering, node: SourceNode, kernel: readonly number[] | null): Window {
  const [input = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const shape = lowering.shape(input);
  if (shape.length !== 4) throw new Refusal(node.operator, `over ${shape.length - 2} dimensions, expected 2`);
  const sizes = shape.slice(2);
  const outputs = lowering.shape(output).slice(2);
  const extents = pair(integers(node, 'kernel_shape') ?? kernel ?? []);
  const strides = pair(integers(node, 'strides') ?? [1, 1]);
  const dilations = pair(integers(node, 'dilations') ?? [1, 1]);
  const wanted = [0, 1].map((axis) => {
    const reach = ((extents[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    const needed = ((outputs[axis] ?? 1) - 1) * (strides[axis] ?? 1) + reach - (sizes[axis] ?? 1);
    return {
      needed: Math.max(needed, 0),
      same: Math.ceil((sizes[axis] ?? 1) / (strides[axis] ?? 1)) === outputs[axis],
    };
  });
  const [down = { needed: 0, same: false }, across = { needed: 0, same: false }] = wanted;
  const [top, left, bottom, right] = padsOf(node, down.needed, across.needed);
  const base = { kernel: extents, strides, dilations };
  if (down.needed === 0 && across.needed === 0 && top === 0 && left === 0) {
    return { ...base, padding: paddings.VALID, pads: null };
  }
  const isSame = [
    [down, top],
    [across, left],
  ] as const;
  if (isSame.every(([{ needed, same }, begin]) => same && begin === Math.floor(needed / 2))) {
    return { ...base, padding: paddings.SAME, pads: null };
  }
  // With ceil_mode a window may reach beyond what the node pads.
  const pads = [top, left, Math.max(bottom, down.needed - top), Math.max(right, across.needed - left)] as const;
  return { ...base, padding: paddings.VALID, pads };
}

/** The input of the window, padded where it has to be. @param filler null: zero */
export function padded(lowering: Lowering, node: SourceNode, { pads }: Window, filler: number | null): number {
  const [input = ''] = node.inputs;
  const order = 'channels last';
  const tensor = lowering.read(input, order);
  if (pads === null) return tensor;
  const [top, left, bottom, right] = pads;
  const [n = 1, channels = 1, height = 1, width = 1] = lowering.shape(input);
  const sides = eachAxisIn(order, [
    [0, 0],
    [0, 0],
    [top, bottom],
    [left, right],
  ]).flat();
  const amounts = lowering.constant('INT32', [4, 2], new Uint8Array(Int32Array.from(sides).buffer));
  const shape = eachAxisIn(order, [n, channels, height + top + bottom, width + left + right]);
  if (filler === null) return lowering.step('PAD', [tensor, amounts], shape);
  return lowering.step('PADV2', [tensor, amounts, lowering.floats([filler])], shape);
}

export function strideOptions({ padding, strides: [strideHeight, strideWidth] }: Window) {
  return { padding, strideWidth, strideHeight };
}

function padsOf(node: SourceNode, down: number, across: number): [number, number, number, number] {
  const mode = text(node, 'auto_pad', 'NOTSET');
  if (mode === 'VALID') return [0, 0, 0, 0];
  if (mode === 'SAME_UPPER') {
    const [top, left] = [Math.floor(down / 2), Math.floor(across / 2)];
    return [top, left, down - top, across - left];
  }
  if (mode === 'SAME_LOWER') {
    const [top, left] = [Math.ceil(down / 2), Math.ceil(across / 2)];
    return [top, left, down - top, across - left];
  }
  const [top = 0, left = 0, bottom = 0, right = 0] = integers(node, 'pads') ?? [];
  if ([top, left, bottom, right].some((pad) => pad < 0))
    throw new Refusal(node.operator, 'negative pads are not covered');
  return [top, left, bottom, right];
}

function pair([height = 1, width = 1]: readonly number[]): [number, number] {
  return [height, width];
}

export function hasCeilMode(node: SourceNode): boolean {
  return integer(node, 'ceil_mode', 0) === 1;
}
