// The role of a model's output for its callers, as far as the model's graph shows it: found once, when a version is published.
import * as z from 'zod';
import { mostEntries, nameText } from './bounds.ts';

/** In the order of the columns of scores; `column`: a class is called by the number of its column. */
const columnNamesSchema = z.union([z.literal('column'), z.array(z.union([nameText, z.number()])).max(mostEntries)]);

export type ColumnNames = z.infer<typeof columnNamesSchema>;

export const outputRoleSchema = z.strictObject({
  output: nameText,
  /**
   * `input`: an input handed through, `constant`: the same at every run, `count`: how many of something there are, `label`: the name
   * or number of a class, `confidence`: the largest score alone, `number`: scores or a value, `other`: the graph does not show it.
   */
  role: z.enum(['input', 'constant', 'count', 'label', 'confidence', 'number', 'other']),
  /** Outputs with one number speak of the same prediction. */
  head: z.int().min(0).optional(),
  /** A label: what it says, by output with the scores that it is chosen from. One column has two names: below and above a threshold. */
  says: z.record(nameText, columnNamesSchema).optional(),
  /** Scores: the classes as a classifier or ZipMap behind them names them. One column has two names: the other class, and its own. */
  columns: columnNamesSchema.optional(),
  /** Scores that the graph makes into probabilities. */
  isShare: z.literal(true).optional(),
  /** Scores of pairs of classes, by whose votes a support vector machine decides: no column is that of a class. */
  isPairs: z.literal(true).optional(),
});

export type OutputRole = z.infer<typeof outputRoleSchema>;
