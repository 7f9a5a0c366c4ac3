// The body of every refusal, whatever the API: see error-codes.ts for the statuses.
import * as z from 'zod';

export const errorAnswerSchema = z.object({ error: z.string().min(1).describe('What was expected and what came.') });

export type ErrorAnswer = z.infer<typeof errorAnswerSchema>;
