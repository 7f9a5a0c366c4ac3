// The sampled inputs of a model. They are read as JSON lines, which the command passes on as they are.
import * as z from 'zod';
import { modelNameSchema } from '../names.ts';

export const deletedSampleSchema = z.object({
  model: modelNameSchema,
  rows: z.int().min(0).describe('How many rows were deleted.'),
});

export type DeletedSample = z.infer<typeof deletedSampleSchema>;
