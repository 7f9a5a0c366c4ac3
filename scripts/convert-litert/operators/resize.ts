// Resize and the older Upsample, of pictures by whole or broken factors.
import { shapeIn } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import { type SourceNode, text } from '../source-graph.ts';
import type { Family } from './family.ts';

export const resize: Family = { Resize: resizePicture, Upsample: resizePicture };

function resizePicture(lowering: Lowering, node: SourceNode): void {
  const [input = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const [from, to] = [lowering.shape(input), lowering.shape(output)];
  if (from.length !== 4 || from[0] !== to[0] || from[1] !== to[1]) {
    throw new Refusal(node.operator, 'of other dimensions than height and width is not covered');
  }
  const order = 'channels last';
  const size = lowering.integers(to.slice(2));
  const inputs = [lowering.read(input, order), size];
  const mode = text(node, 'mode', 'nearest');
  const isOld = node.operator === 'Upsample' || lowering.graph.opset < 11;
  const place = text(node, 'coordinate_transformation_mode', isOld ? 'asymmetric' : 'half_pixel');
  if (mode === 'nearest') {
    const factors = [2, 3].map((axis) => (to[axis] ?? 1) / (from[axis] ?? 1));
    const isWhole = factors.every((factor) => Number.isInteger(factor));
    const rounding = text(node, 'nearest_mode', isOld ? 'floor' : 'round_prefer_floor');
    // Grown by whole factors, every pixel becomes a block: half pixels rounded give the same as whole ones cut off.
    const isFloor = place === 'asymmetric' && rounding === 'floor';
    const isBlocks = isWhole && place === 'half_pixel' && rounding.startsWith('round_prefer');
    if (!isFloor && !isBlocks) throw new Refusal(node.operator, `nearest with ${place}, ${rounding} is not covered`);
    lowering.write(output, order, 'RESIZE_NEAREST_NEIGHBOR', inputs, { alignCorners: 0, halfPixelCenters: 0 });
    return;
  }
  if (mode !== 'linear') throw new Refusal(node.operator, `mode ${mode} is not covered`);
  const options = bilinear[place];
  const grows = shapeIn('declared', to).every((size_, axis) => size_ >= (from[axis] ?? 1));
  if (options === undefined || (place === 'pytorch_half_pixel' && !grows)) {
    throw new Refusal(node.operator, `linear with ${place} is not covered`);
  }
  lowering.write(output, order, 'RESIZE_BILINEAR', inputs, options);
}

const bilinear: Readonly<Record<string, { readonly alignCorners: number; readonly halfPixelCenters: number }>> = {
  asymmetric: { alignCorners: 0, halfPixelCenters: 0 },
  align_corners: { alignCorners: 1, halfPixelCenters: 0 },
  half_pixel: { alignCorners: 0, halfPixelCenters: 1 },
  pytorch_half_pixel: { alignCorners: 0, halfPixelCenters: 1 },
};
