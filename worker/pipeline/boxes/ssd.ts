// Boxes of SSD and its kin: each tells how far it lies from its prior, in shares of that prior's size.
// @see https://arxiv.org/abs/1512.02325 section 2.2
import { invalid } from '../../../registry/errors.ts';
import type { BoxFormOf, Priors } from '../../../registry/pipeline/boxes.ts';
import { quote } from '../../protocol/describe.ts';
import type { Size } from '../geometry.ts';
import { addScores } from './class-scores.ts';
import { floatRow, requireCount } from './float-rows.ts';
import type { BoxReader } from './form.ts';
import { cornersOf } from './overlap.ts';

export const readSsd: BoxReader<BoxFormOf<'ssd'>> = (form, output, context, found) => {
  const count = addScores(output(form.scores), context, { ...form, counts: 'each' }, found);
  const { values, shape } = floatRow(output(form.boxes), context.item, 'priors,4');
  requireCount(form.boxes, 'values for each box', 4, shape[1]);
  requireCount(form.boxes, 'boxes', count, shape[0]);
  const { input } = context;
  const expected = countPriors(form.priors, input);
  if (expected !== count) {
    throw invalid(
      `boxes: output ${quote(form.boxes)} has ${count} boxes, the priors make ${expected} of an input of ${input.height}x${input.width}`,
    );
  }
  const [centre, size] = form.variances;
  return (place) => {
    const [x = 0, y = 0, w = 0, h = 0] = values.subarray(place * 4, place * 4 + 4);
    const prior = priorAt(form.priors, input, place);
    return cornersOf(
      prior.x + x * centre * prior.width,
      prior.y + y * centre * prior.height,
      prior.width * Math.exp(w * size),
      prior.height * Math.exp(h * size),
    );
  };
};

/** How many priors there are for an input. */
export function countPriors({ levels }: Priors, input: Size): number {
  return levels.reduce((sum, { step, boxes }) => {
    const { rows, columns } = gridOf(step, input);
    return sum + rows * columns * boxes.length;
  }, 0);
}

function gridOf(step: number, { width, height }: Size): { readonly rows: number; readonly columns: number } {
  return { rows: Math.ceil(height / step), columns: Math.ceil(width / step) };
}

/** Centre and size in pixels of the model's input. */
function priorAt(
  { levels, clip }: Priors,
  input: Size,
  place: number,
): Size & { readonly x: number; readonly y: number } {
  let left = place;
  for (const { step, boxes } of levels) {
    const { rows, columns } = gridOf(step, input);
    if (left >= rows * columns * boxes.length) {
      left -= rows * columns * boxes.length;
      continue;
    }
    const cell = Math.floor(left / boxes.length);
    const [width, height] = boxes[left % boxes.length] as readonly [number, number];
    const [x, y] = [((cell % columns) + 0.5) * step, (Math.floor(cell / columns) + 0.5) * step];
    if (!clip) return { x, y, width, height };
    const [right, bottom] = [input.width, input.height];
    return {
      ...{ x: Math.min(x, right), y: Math.min(y, bottom) },
      ...{ width: Math.min(width, right), height: Math.min(height, bottom) },
    };
  }
  throw new Error(`no level has the prior ${place}`);
}
