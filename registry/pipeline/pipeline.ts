// The closed list of steps between a picture or a text and a model's tensors: data in the manifest, never code. The Worker, the gate and
// the client run them alike (worker/pipeline). A task has one way in (`image`) and one way out (`after`), each a schema of its own.
import * as z from 'zod';
import { boxesSchema, boxOutputs } from './boxes.ts';
import { classificationSchema } from './classify.ts';
import { imageInputSchema } from './image-input.ts';

export const pipelineSchema = z.discriminatedUnion('task', [
  z.strictObject({
    schema: z.literal(1),
    task: z.literal('image-classification'),
    image: imageInputSchema,
    after: classificationSchema,
  }),
  z.strictObject({
    schema: z.literal(1),
    task: z.literal('object-detection'),
    image: imageInputSchema,
    after: boxesSchema,
  }),
]);

export type Pipeline = z.infer<typeof pipelineSchema>;

/** The tasks whose pipelines popserve runs, by the names of the Hugging Face Hub. */
export type PipelineTask = Pipeline['task'];
/** The step behind the model. */
export type AfterStep = Pipeline['after'];

/** The model's outputs that the step behind it reads. */
export function outputsRead(after: AfterStep): string[] {
  switch (after.step) {
    case 'classify':
      return [after.output];
    case 'boxes':
      return boxOutputs(after.decode);
  }
}
