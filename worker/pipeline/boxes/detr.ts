// Boxes of DETR and its kin: one for each query, in shares of the picture.
// @see https://github.com/huggingface/transformers, post_process_object_detection of each image processor
import type { BoxFormOf } from '../../../registry/pipeline/boxes.ts';
import { addScores, type ScoreForm } from './class-scores.ts';
import { floatRow, requireCount } from './float-rows.ts';
import type { BoxReader } from './form.ts';
import { cornersOf } from './overlap.ts';

const scoreForms: Readonly<Record<BoxFormOf<'detr'>['activation'], ScoreForm>> = {
  softmax: { activation: 'softmax', background: 'last', counts: 'best' },
  sigmoid: { activation: 'sigmoid', background: 'none', counts: 'each' },
};

export const readDetr: BoxReader<BoxFormOf<'detr'>> = (form, output, context, found) => {
  const count = addScores(output(form.scores), context, scoreForms[form.activation], found);
  const { values, shape } = floatRow(output(form.boxes), context.item, 'queries,4');
  requireCount(form.boxes, 'values for each box', 4, shape[1]);
  requireCount(form.boxes, 'boxes', count, shape[0]);
  const { width, height } = context.input;
  return (place) => {
    const [x = 0, y = 0, w = 0, h = 0] = values.subarray(place * 4, place * 4 + 4);
    return cornersOf(x * width, y * height, w * width, h * height);
  };
};
