// The registry's answer about a version whose contract differs from that of the version that callers have now.
import * as z from 'zod';
import { versionSchema } from '../names.ts';

export const breakSchema = z.object({
  part: z
    .enum(['input', 'output', 'features', 'labels', 'limit', 'answer', 'pipeline'])
    .describe('The part of the contract.'),
  name: z.string().describe("The input or output in quotes; of an answer 'to records', of a pipeline its task."),
  was: z.string().describe('In the version that is served.'),
  becomes: z.string().describe('In the other version.'),
  who: z.string().describe('The callers who are hurt.'),
  how: z.string().describe('What happens to them.'),
});

/** One way in which a version hurts callers of another. */
export type Break = z.infer<typeof breakSchema>;

export const contractConflictSchema = z.object({
  served: versionSchema.describe('The version that callers have now.'),
  next: versionSchema.describe('The version that they would get.'),
  under: z.string().describe("What would change: 'stable', 'canary', 'shadow' or the name of an alias."),
  breaks: z.array(breakSchema).min(1),
});

export type ContractConflict = z.infer<typeof contractConflictSchema>;
