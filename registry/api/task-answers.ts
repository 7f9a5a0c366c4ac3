// The answers of a pipeline's tasks: names and nesting of the Hugging Face Hub's inference API.
// @see https://huggingface.co/docs/inference-providers/tasks/index
import * as z from 'zod';

export const labelScoresSchema = z
  .array(z.object({ label: z.string(), score: z.number() }))
  .describe('The highest score first.');

export type LabelScore = z.infer<typeof labelScoresSchema>[number];

/** To a batch. */
export const labelScoresListSchema = z.array(labelScoresSchema).describe('An answer for each picture, in their order.');

/** The answer to one picture or text, by its task. */
export type TaskAnswer = LabelScore[];
