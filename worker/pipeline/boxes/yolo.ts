// Boxes of YOLOv5 (with an objectness, in rows) and YOLOv8 to YOLO11 (without, in columns).
// @see https://github.com/ultralytics/ultralytics/blob/main/ultralytics/utils/nms.py
import type { BoxFormOf } from '../../../registry/pipeline/boxes.ts';
import { floatRow, requireCount } from './float-rows.ts';
import type { BoxReader } from './form.ts';
import { cornersOf } from './overlap.ts';

export const readYolo: BoxReader<BoxFormOf<'yolo'>> = (form, output, { item, classes }, found) => {
  const inRows = form.candidates === 'rows';
  const { values, shape } = floatRow(output(form.output), item, inRows ? 'candidates,values' : 'values,candidates');
  const [count, width] = inRows ? shape : [shape[1], shape[0]];
  const first = form.objectness ? 5 : 4;
  requireCount(form.output, 'values for each candidate', first + classes, width);
  const [step, stride] = inRows ? [width, 1] : [1, count];
  const at = (place: number, value: number) => values[place * step + value * stride] as number;
  if (form.objectness) {
    for (let place = 0; place < count; place++) {
      const objectness = at(place, 4);
      // No class makes it more.
      if (!(objectness >= found.threshold)) continue;
      const [label, best] = bestClass((index) => at(place, first + index), classes);
      found.add(objectness * best, place, label);
    }
  } else if (inRows) {
    for (let place = 0; place < count; place++) {
      const [label, best] = bestClass((index) => at(place, first + index), classes);
      found.add(best, place, label);
    }
  } else {
    addColumns(values, count, classes, found);
  }
  return (place) => cornersOf(at(place, 0), at(place, 1), at(place, 2), at(place, 3));
};

/** Class by class, in the order in which the values lie in memory. */
function addColumns(
  values: ArrayLike<number>,
  count: number,
  classes: number,
  found: Parameters<typeof readYolo>[3],
): void {
  const best = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  const labels = new Int32Array(count);
  for (let label = 0; label < classes; label++) {
    const from = (4 + label) * count;
    for (let place = 0; place < count; place++) {
      const score = values[from + place] as number;
      if (score <= (best[place] as number)) continue;
      best[place] = score;
      labels[place] = label;
    }
  }
  for (let place = 0; place < count; place++) found.add(best[place] as number, place, labels[place] as number);
}

export function bestClass(score: (label: number) => number, classes: number): readonly [label: number, score: number] {
  let [label, best] = [0, score(0)];
  for (let index = 1; index < classes; index++) {
    const value = score(index);
    if (value > best) [label, best] = [index, value];
  }
  return [label, best];
}
