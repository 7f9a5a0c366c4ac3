// The step from a model's values to labels and scores.
import * as z from 'zod';
import { mostEntries, nameText } from '../bounds.ts';

export const classificationSchema = z.strictObject({
  step: z.literal('classify'),
  /** The model's output with a value for each class. */
  output: nameText,
  /** From the values to scores; `none` where they are scores already. */
  activation: z.enum(['softmax', 'sigmoid', 'none']),
  /** Names of the classes, in order of the output's last axis. */
  labels: z.array(nameText).min(1).max(mostEntries),
  /** Classes in an answer that asks for no other number. */
  topK: z.int().min(1),
});

export type Classification = z.infer<typeof classificationSchema>;
