// Scores in an output of their own, [N, candidates, classes], with or without a class for the background.
import type { BoxFormOf } from '../../../registry/pipeline/boxes.ts';
import type { Tensor } from '../../protocol/tensor.ts';
import { activations } from '../activations.ts';
import type { Candidates } from './candidates.ts';
import { floatRow, requireCount } from './float-rows.ts';
import { bestClass } from './yolo.ts';

export interface ScoreForm {
  readonly activation: BoxFormOf<'decoded'>['activation'];
  readonly background: BoxFormOf<'decoded'>['background'];
  /** `each` class of a box that scores enough is a box of its own; `best`: only one is. */
  readonly counts: 'each' | 'best';
}

/**
 * @param classes without the background
 * @returns how many candidates there are
 * @throws {PopserveError} INVALID_ARGUMENT for another number of classes
 */
export function addScores(
  output: Tensor,
  { item, classes }: { readonly item: number; readonly classes: number },
  { activation, background, counts }: ScoreForm,
  found: Candidates,
): number {
  const { values, shape } = floatRow(output, item, 'candidates,classes');
  const [count, width] = shape;
  requireCount(output.name, 'values for each candidate', classes + (background === 'none' ? 0 : 1), width);
  const first = background === 'first' ? 1 : 0;
  const row = new Float64Array(width);
  for (let place = 0; place < count; place++) {
    for (let index = 0; index < width; index++) row[index] = values[place * width + index] as number;
    const scores = activations[activation](row);
    if (counts === 'best') {
      const [label, best] = bestClass((index) => scores[first + index] as number, classes);
      found.add(best, place, label);
    } else {
      for (let label = 0; label < classes; label++) found.add(scores[first + label] as number, place, label);
    }
  }
  return count;
}
