// Boxes of YOLOX as its export leaves them: in units of a grid's step, sizes as logarithms.
// @see https://github.com/Megvii-BaseDetection/YOLOX/blob/main/yolox/utils/demo_utils.py demo_postprocess
import { invalid } from '../../../registry/errors.ts';
import type { BoxFormOf } from '../../../registry/pipeline/boxes.ts';
import { quote } from '../../protocol/describe.ts';
import type { Size } from '../geometry.ts';
import { floatRow, requireCount } from './float-rows.ts';
import type { BoxReader } from './form.ts';
import { cornersOf } from './overlap.ts';
import { bestClass } from './yolo.ts';

export const readYolox: BoxReader<BoxFormOf<'yolox'>> = (form, output, { item, input, classes }, found) => {
  const { values, shape } = floatRow(output(form.output), item, 'candidates,values');
  const [count, width] = shape;
  requireCount(form.output, 'values for each candidate', 5 + classes, width);
  const grids = gridsOf(form.strides, input);
  const places = grids.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  if (places !== count) {
    throw invalid(
      `boxes: output ${quote(form.output)} has ${count} candidates, the strides ${form.strides.join(', ')} make ${places} of an input of ${input.height}x${input.width}`,
    );
  }
  for (let place = 0; place < count; place++) {
    const at = place * width;
    const objectness = values[at + 4] as number;
    // No class makes it more.
    if (!(objectness >= found.threshold)) continue;
    const [label, best] = bestClass((index) => values[at + 5 + index] as number, classes);
    found.add(objectness * best, place, label);
  }
  return (place) => {
    const [x = 0, y = 0, w = 0, h = 0] = values.subarray(place * width, place * width + 4);
    const { column, row, stride } = gridPlace(grids, place);
    return cornersOf((x + column) * stride, (y + row) * stride, Math.exp(w) * stride, Math.exp(h) * stride);
  };
};

interface Grid {
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
}

function gridsOf(strides: readonly number[], { width, height }: Size): Grid[] {
  return strides.map((stride) => ({
    stride,
    rows: Math.floor(height / stride),
    columns: Math.floor(width / stride),
  }));
}

function gridPlace(grids: readonly Grid[], place: number): { column: number; row: number; stride: number } {
  let left = place;
  for (const { stride, rows, columns } of grids) {
    if (left < rows * columns) return { column: left % columns, row: Math.floor(left / columns), stride };
    left -= rows * columns;
  }
  throw new Error(`no grid has the place ${place}`);
}
