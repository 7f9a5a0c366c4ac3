// The closed list of steps between a picture or a text and a model's tensors: data in the manifest, never code. The Worker, the gate and
// the client run them alike (worker/pipeline). A task has one way in (`image` or `text`) and one way out (`after`), each a schema of its
// own.
import * as z from 'zod';
import { boxesSchema, boxOutputs } from './boxes.ts';
import { classificationSchema } from './classify.ts';
import { ctcSchema } from './ctc.ts';
import { imageInputSchema } from './image-input.ts';
import { poolSchema } from './pool.ts';
import { spansSchema } from './spans.ts';
import { textInputSchema } from './text-input.ts';

const schema = z.literal(1);

export const pipelineSchema = z.discriminatedUnion('task', [
  z.strictObject({
    schema,
    task: z.literal('image-classification'),
    image: imageInputSchema,
    after: classificationSchema,
  }),
  z.strictObject({ schema, task: z.literal('object-detection'), image: imageInputSchema, after: boxesSchema }),
  z.strictObject({ schema, task: z.literal('image-feature-extraction'), image: imageInputSchema, after: poolSchema }),
  z.strictObject({ schema, task: z.literal('feature-extraction'), text: textInputSchema, after: poolSchema }),
  z.strictObject({
    schema,
    task: z.literal('text-classification'),
    text: textInputSchema,
    after: classificationSchema,
  }),
  z.strictObject({ schema, task: z.literal('token-classification'), text: textInputSchema, after: spansSchema }),
  z.strictObject({ schema, task: z.literal('image-to-text'), image: imageInputSchema, after: ctcSchema }),
]);

export type Pipeline = z.infer<typeof pipelineSchema>;

/** Pipelines that take pictures, and those that take texts. */
export type ImagePipeline = Extract<Pipeline, { image: unknown }>;
export type TextPipeline = Extract<Pipeline, { text: unknown }>;

/** The tasks whose pipelines popserve runs, by the names of the Hugging Face Hub. */
export type PipelineTask = Pipeline['task'];
/** The step behind the model. */
export type AfterStep = Pipeline['after'];

/** The model's outputs that the step behind it reads. */
export function outputsRead(after: AfterStep): string[] {
  switch (after.step) {
    case 'classify':
    case 'pool':
    case 'spans':
    case 'ctc':
      return [after.output];
    case 'boxes':
      return boxOutputs(after.decode);
  }
}
