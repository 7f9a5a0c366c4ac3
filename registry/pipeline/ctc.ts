// The step from a model's values over time to a text, by connectionist temporal classification.
// @see https://www.cs.toronto.edu/~graves/icml_2006.pdf
import * as z from 'zod';
import { mostEntries, nameText } from '../bounds.ts';

export const ctcSchema = z.strictObject({
  step: z.literal('ctc'),
  /** The model's output, [rows, steps, classes]. */
  output: nameText,
  /** From the values of a step to shares; `none` where they are shares already. */
  activation: z.enum(['softmax', 'none']),
  /** What each class writes, in order of the output's last axis, without the blank. */
  labels: z.array(nameText.min(1)).min(1).max(mostEntries),
  /** Where the class stands that writes nothing: before the labels or behind them. */
  blank: z.enum(['first', 'last']),
});

export type Ctc = z.infer<typeof ctcSchema>;
