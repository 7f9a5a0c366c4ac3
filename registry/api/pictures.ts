// Pictures for a version with a pipeline, and the answer to one that is to be classified.
// @see https://huggingface.co/docs/inference-providers/tasks/image-classification
import * as z from 'zod';

export const pictureParametersSchema = z.strictObject({
  top_k: z.int().min(1).describe('Classes in the answer.').exactOptional(),
  threshold: z.number().describe('Leaves out what scores less.').exactOptional(),
});

export type PictureParameters = z.infer<typeof pictureParametersSchema>;

/** Beside a picture as the body of a request, and a form. */
export const picturesSchema = z.object({
  inputs: z
    .union([z.string(), z.array(z.string()).min(1)])
    .describe('A JPEG, PNG or WebP in base64; a list is a batch.'),
  parameters: pictureParametersSchema.exactOptional(),
});

export const labelScoresSchema = z
  .array(z.object({ label: z.string(), score: z.number() }))
  .describe('The highest score first.');

export type LabelScore = z.infer<typeof labelScoresSchema>[number];

/** Of a batch. */
export const labelScoresListSchema = z.array(labelScoresSchema).describe('An answer for each picture, in their order.');
