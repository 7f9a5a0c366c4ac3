// Boxes that are boxes already, beside the scores of their classes.
import type { BoxFormOf } from '../../../registry/pipeline/boxes.ts';
import { addScores } from './class-scores.ts';
import { floatRow, requireCount } from './float-rows.ts';
import type { BoxReader } from './form.ts';
import { cornersOf } from './overlap.ts';

export const readDecoded: BoxReader<BoxFormOf<'decoded'>> = (form, output, context, found) => {
  const count = addScores(output(form.scores), context, { ...form, counts: 'each' }, found);
  const { values, shape } = floatRow(output(form.boxes), context.item, 'candidates,4');
  requireCount(form.boxes, 'values for each box', 4, shape[1]);
  requireCount(form.boxes, 'boxes', count, shape[0]);
  const { width, height } = form.units === 'pixels' ? { width: 1, height: 1 } : context.input;
  return (place) => {
    const [a = 0, b = 0, c = 0, d = 0] = values.subarray(place * 4, place * 4 + 4);
    const [x, y, z, w] = [a * width, b * height, c * width, d * height];
    return form.as === 'corners' ? [x, y, z, w] : cornersOf(x, y, z, w);
  };
};
