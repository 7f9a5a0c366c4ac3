// Pictures and texts for a version with a pipeline, as JSON or as the field `parameters` of a form.
import * as z from 'zod';

/** A caller may send these parameters to any task; one that has no use for a member refuses it by name. */
export const pipelineParametersSchema = z.strictObject({
  top_k: z.int().min(1).describe('Classes in the answer.').exactOptional(),
  threshold: z.number().describe('Leaves out what scores less.').exactOptional(),
  function_to_apply: z
    .enum(['softmax', 'sigmoid', 'none'])
    .describe("From a classifier's values to scores, instead of the version's own way.")
    .exactOptional(),
  aggregation_strategy: z.literal('simple').describe('How tokens become parts of a text.').exactOptional(),
  normalize: z.boolean().describe('Whether a vector is divided by its length.').exactOptional(),
  dimensions: z
    .int()
    .min(1)
    .describe("The length that a vector is cut to; one of those that the version's pipeline allows.")
    .exactOptional(),
  prompt_name: z.string().describe('Which of the prompts of the version stands before each text.').exactOptional(),
  truncate: z.boolean().describe('False: a text of too many tokens is refused. Default: true.').exactOptional(),
  truncation_direction: z.enum(['Right', 'right']).describe('Which end is cut off.').exactOptional(),
});

export type PipelineParameters = z.infer<typeof pipelineParametersSchema>;

/** Members beside `inputs`: the clients of the Hub write those of an embedding so. */
const besideInputs = pipelineParametersSchema.pick({
  ...{ normalize: true, dimensions: true, prompt_name: true, truncate: true, truncation_direction: true },
});

export const pipelineRequestSchema = z.object({
  inputs: z
    .union([z.string(), z.array(z.string()).min(1)])
    .describe('A text, or a JPEG, PNG or WebP in base64, as the version takes it; a list is a batch.'),
  parameters: pipelineParametersSchema.exactOptional(),
  ...besideInputs.shape,
});

/** The names of the parameters that may stand beside `inputs`. */
export const parametersBesideInputs = Object.keys(besideInputs.shape);
