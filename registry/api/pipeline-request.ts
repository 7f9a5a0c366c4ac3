// Pictures and texts for a version with a pipeline, as JSON or as the field `parameters` of a form.
import * as z from 'zod';

/** What a caller may ask of any task; one that has no use for a member refuses it by name. */
export const pipelineParametersSchema = z.strictObject({
  top_k: z.int().min(1).describe('Classes in the answer.').exactOptional(),
  threshold: z.number().describe('Leaves out what scores less.').exactOptional(),
});

export type PipelineParameters = z.infer<typeof pipelineParametersSchema>;

export const pipelineRequestSchema = z.object({
  inputs: z
    .union([z.string(), z.array(z.string()).min(1)])
    .describe('A JPEG, PNG or WebP in base64; a list is a batch.'),
  parameters: pipelineParametersSchema.exactOptional(),
});
