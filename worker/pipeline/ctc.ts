// The step `ctc`: from a model's values over time to a text, the likeliest class of each step. A beam search finds likelier texts only
// with a model of the language beside it.
import type { GeneratedText } from '../../registry/api/task-answers.ts';
import { invalid } from '../../registry/errors.ts';
import type { Ctc } from '../../registry/pipeline/ctc.ts';
import { describeShape, quote } from '../protocol/describe.ts';
import { elementsOf } from '../protocol/elements.ts';
import type { Tensor } from '../protocol/tensor.ts';

/**
 * @example
 * readText(output, { activation: 'none', labels: ['a', 'b'], blank: 'first' }, 1); // [[{ generated_text: 'ab', score: 0.98 }]]
 *
 * @param output shares or values of each class at each step, [rows, steps, classes]
 * @param rows pictures that were sent
 * @returns for each row its text, and the mean share of the classes that wrote it; 0 for a row without text
 * @throws {PopserveError} INVALID_ARGUMENT for an output of another form, which publishing refuses
 */
export function readText(
  output: Tensor,
  { activation, labels, blank }: Pick<Ctc, 'activation' | 'labels' | 'blank'>,
  rows: number,
): GeneratedText[][] {
  const { datatype, data, shape, name } = output;
  const classes = labels.length + 1;
  const [found, steps = 0, wide] = shape;
  if (datatype === 'BYTES' || !(data instanceof Uint8Array)) throw invalid('ctc: texts have no shares');
  if (shape.length !== 3 || found !== rows || wide !== classes) {
    throw invalid(
      `ctc: output ${quote(name)} is ${describeShape(shape)}, expected [${rows}, steps, ${classes}]: a row for each picture, and ${classes} classes with the blank`,
    );
  }
  const values = elementsOf(datatype, data);
  const blankAt = blank === 'first' ? 0 : labels.length;
  const firstLabel = blank === 'first' ? 1 : 0;
  return Array.from({ length: rows }, (_, row) => {
    let [text, sum, count, before] = ['', 0, 0, blankAt];
    for (let step = 0; step < steps; step++) {
      const from = (row * steps + step) * classes;
      const best = likeliest(values, from, classes) ?? blankAt;
      // A class that goes on writes once; with a blank between it writes twice.
      if (best !== blankAt && best !== before) {
        text += labels[best - firstLabel] ?? '';
        sum += activation === 'none' ? Number(values[from + best]) : shareOf(values, from, classes, best);
        count++;
      }
      before = best;
    }
    return [{ generated_text: text, score: count === 0 ? 0 : sum / count }];
  });
}

/** The first of the largest; null where all are NaN. */
function likeliest(values: ArrayLike<number | bigint>, from: number, classes: number): number | null {
  let [best, most]: [number | null, number] = [null, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < classes; index++) {
    const value = Number(values[from + index]);
    if (value > most) [best, most] = [index, value];
  }
  return best;
}

/** The softmax of the largest value. */
function shareOf(values: ArrayLike<number | bigint>, from: number, classes: number, best: number): number {
  const most = Number(values[from + best]);
  let sum = 0;
  for (let index = 0; index < classes; index++) sum += Math.exp(Number(values[from + index]) - most);
  return 1 / sum;
}
