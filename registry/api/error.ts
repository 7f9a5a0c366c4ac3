// The body of every refusal, whatever the API: see error-codes.ts for the statuses.
import * as z from 'zod';
import { contractConflictSchema } from './contract.ts';

export const errorAnswerSchema = z.object({
  error: z.string().min(1).describe('What was expected and what came.'),
  contract: contractConflictSchema
    .optional()
    .describe('With 409 for a new route: the callers whom the version would hurt. A lost race does not have it.'),
});

export type ErrorAnswer = z.infer<typeof errorAnswerSchema>;
