// The step `classify`: from a model's values to labels and scores, the highest first.
import type { LabelScore } from '../../registry/api/task-answers.ts';
import { invalid } from '../../registry/errors.ts';
import type { Classification } from '../../registry/pipeline/classify.ts';
import { describeShape, quote } from '../protocol/describe.ts';
import { elementsOf } from '../protocol/elements.ts';
import type { Tensor } from '../protocol/tensor.ts';
import { activations } from './activations.ts';

/**
 * @example
 * classify(output, step, { topK: 2 }); // [[{ label: 'tabby', score: 0.91 }, { label: 'tiger cat', score: 0.06 }]]
 *
 * @param output a value for each class, in rows: [rows, classes] or more axes of 1
 * @returns the classes of each row, the highest score first, those of equal scores in their order
 * @throws {Error} for an output that has not a value for each label, which publishing refuses
 */
export function classify(
  output: Tensor,
  { activation, labels }: Pick<Classification, 'activation' | 'labels'>,
  { topK, threshold = Number.NEGATIVE_INFINITY }: { readonly topK: number; readonly threshold?: number },
): LabelScore[][] {
  const { datatype, data } = output;
  if (datatype === 'BYTES' || !(data instanceof Uint8Array)) throw invalid('classify: texts have no scores');
  const values = elementsOf(datatype, data);
  const rows = values.length / labels.length;
  if (!Number.isInteger(rows)) {
    throw invalid(
      `classify: output ${quote(output.name)} is ${describeShape(output.shape)}, expected ${labels.length} values a row`,
    );
  }
  return Array.from({ length: rows }, (_, row) => {
    const own = Float64Array.from({ length: labels.length }, (_, index) => Number(values[row * labels.length + index]));
    const scores = activations[activation](own);
    return highest(scores, topK)
      .map((index) => ({ label: labels[index] ?? '', score: scores[index] ?? 0 }))
      .filter(({ score }) => score >= threshold);
  });
}

/** Up to so many are picked out one by one; sorting all classes is faster for more. */
const mostPicked = 64;

/** Places of the highest scores, those of equal scores in their order, NaN behind all others. */
function highest(scores: Float64Array, count: number): number[] {
  const ranks = scores.map((score) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score));
  const rank = (index: number) => ranks[index] ?? Number.NEGATIVE_INFINITY;
  if (count > mostPicked) {
    return Array.from(ranks.keys())
      .sort((a, b) => rank(b) - rank(a) || a - b)
      .slice(0, count);
  }
  const picked: number[] = [];
  for (let index = 0; index < ranks.length; index++) {
    if (picked.length === count && rank(index) <= rank(picked[count - 1] ?? index)) continue;
    let at = picked.length;
    while (at > 0 && rank(picked[at - 1] ?? index) < rank(index)) at--;
    picked.splice(at, 0, index);
    picked.length = Math.min(picked.length, count);
  }
  return picked;
}
