// The answers of pipelines' tasks: names and nesting of the Hugging Face Hub's inference API.
// @see https://huggingface.co/docs/inference-providers/tasks/index
import * as z from 'zod';

export const labelScoresSchema = z
  .array(z.object({ label: z.string(), score: z.number() }))
  .describe('The highest score first.');

export type LabelScore = z.infer<typeof labelScoresSchema>[number];

/** To a batch. */
export const labelScoresListSchema = z
  .array(labelScoresSchema)
  .describe('An answer for each picture or text, in their order.');

export const embeddingSchema = z.array(z.number()).describe('A vector for a picture or a text.');

export type Embedding = z.infer<typeof embeddingSchema>;

export const embeddingListSchema = z.array(embeddingSchema).describe('A vector for each of them, in their order.');

export const textSpansSchema = z
  .array(
    z.object({
      entity_group: z.string().describe('What the part is.'),
      score: z.number().describe('The mean of the scores of its tokens.'),
      word: z.string().describe('The part as it stands in the text that was sent.'),
      start: z.int().min(0).describe('Where it begins in the text that was sent, in code points.'),
      end: z.int().min(0).describe('Where it ends, exclusive.'),
    }),
  )
  .describe('The parts that the model marks, in the order of the text.');

export type TextSpan = z.infer<typeof textSpansSchema>[number];

export const textSpansListSchema = z.array(textSpansSchema).describe('An answer for each text, in their order.');

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

/** @see https://huggingface.co/docs/inference-providers/tasks/image-text-to-text */
export const generatedTextsSchema = z
  .array(
    z.object({
      generated_text: z.string().describe('The line of writing.'),
      score: z.number().describe('The mean share of the classes that wrote it; 0 for a line without text.'),
    }),
  )
  .describe('One text.');

export type GeneratedText = z.infer<typeof generatedTextsSchema>[number];

/** To a batch. */
export const generatedTextsListSchema = z
  .array(generatedTextsSchema)
  .describe('An answer for each picture, in their order.');

/** The answer to one picture or text, by its task. */
export type TaskAnswer = LabelScore[] | DetectedObject[] | Embedding | TextSpan[] | GeneratedText[];
