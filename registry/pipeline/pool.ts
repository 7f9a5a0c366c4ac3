// The step from a model's values to one vector for each text or picture: an embedding.
import * as z from 'zod';
import { mostEntries, mostSize, nameText } from '../bounds.ts';

export const poolSchema = z.strictObject({
  step: z.literal('pool'),
  /** The model's output: [rows, values], [rows, tokens, values], or [rows, values, height, width] of a picture. */
  output: nameText,
  /**
   * Over tokens that are no filling, or over the places of a picture: their mean, their maximum, the first (`cls`) or the last of
   * them. `none` where a row is one vector already; further axes are laid out flat.
   */
  how: z.enum(['mean', 'cls', 'max', 'last', 'none']),
  /** Divided by its length, so that a product of two vectors is their cosine. */
  normalise: z.boolean(),
  /** Lengths that a caller may have a vector cut to, as the model was trained for (matryoshka). */
  dimensions: z.array(z.int().min(1).max(mostSize)).min(1).max(mostEntries).exactOptional(),
});

export type Pool = z.infer<typeof poolSchema>;
