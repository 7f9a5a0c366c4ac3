// The answer to a picture that is to be classified.
// @see https://huggingface.co/docs/inference-providers/tasks/image-classification
import * as z from 'zod';

export const labelScoresSchema = z
  .array(z.object({ label: z.string(), score: z.number() }))
  .describe('The highest score first.');

export type LabelScore = z.infer<typeof labelScoresSchema>[number];
