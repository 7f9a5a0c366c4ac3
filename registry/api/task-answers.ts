// The answers of a pipeline's tasks: names and nesting of the Hugging Face Hub's inference API.
// @see https://huggingface.co/docs/inference-providers/tasks/index
import * as z from 'zod';

export const labelScoresSchema = z
  .array(z.object({ label: z.string(), score: z.number() }))
  .describe('The highest score first.');

export type LabelScore = z.infer<typeof labelScoresSchema>[number];

/** To a batch. */
export const labelScoresListSchema = z.array(labelScoresSchema).describe('An answer for each picture, in their order.');

export const boxSchema = z
  .object({ xmin: z.number(), ymin: z.number(), xmax: z.number(), ymax: z.number() })
  .describe('In pixels of the picture that was sent, as it is shown: from the left and from the top.');

export type Box = z.infer<typeof boxSchema>;

export const detectedObjectsSchema = z
  .array(z.object({ label: z.string(), score: z.number(), box: boxSchema }))
  .describe('The highest score first.');

export type DetectedObject = z.infer<typeof detectedObjectsSchema>[number];

/** To a batch. */
export const detectedObjectsListSchema = z
  .array(detectedObjectsSchema)
  .describe('An answer for each picture, in their order.');

/** The answer to one picture or text, by its task. */
export type TaskAnswer = LabelScore[] | DetectedObject[];
