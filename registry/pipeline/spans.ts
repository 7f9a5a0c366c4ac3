// The step from a model's values for each token to the parts of a text that they mark.
import * as z from 'zod';
import { mostEntries, nameText } from '../bounds.ts';

export const spansSchema = z.strictObject({
  step: z.literal('spans'),
  /** The model's output, [rows, tokens, labels]. */
  output: nameText,
  /** From the values of a token to scores; `none` where they are scores already. */
  activation: z.enum(['softmax', 'none']),
  /** Names of the tags, in order of the output's last axis; `O` marks nothing. */
  labels: z.array(nameText.min(1)).min(1).max(mostEntries),
  /**
   * `bio`: `B-` begins a part, `I-` goes on with it. `bilou`: `L-` or `E-` also ends it, and `U-` or `S-` is one of a single token.
   * A tag without such a letter goes on with the part before it, if that is of the same name.
   */
  scheme: z.enum(['bio', 'bilou']),
});

export type Spans = z.infer<typeof spansSchema>;
