// What truly happened, told for answers that were given: the call, and what is made of it.
import * as z from 'zod';
import { versionSchema } from '../names.ts';

const count = z.int().min(0);
const share = z.number().min(0).max(1).nullable();
const error = z.number().min(0).nullable();

/** The label or the value of one record; null where it is not known. */
const truthSchema = z.union([z.string().max(16_384), z.number(), z.boolean(), z.null()]);

const mostTruths = 64;

export const feedbackSchema = z.strictObject({
  id: z.string().min(1).max(4096).describe('`popserve-answer-id` of the answer.'),
  truth: z
    .union([truthSchema, z.array(truthSchema).min(1).max(mostTruths)])
    .describe('The label or number that was right; a list in the order of the records where there were several.'),
});

export type Feedback = z.infer<typeof feedbackSchema>;

export const feedbackRequestSchema = z.union([feedbackSchema, z.array(feedbackSchema).min(1).max(1000)]);

export const feedbackAnswerSchema = z.object({
  accepted: count.describe('Counted with the next report, each id once.'),
  refused: z.array(
    z.object({ place: count.describe('In the list that was sent, from 0.'), error: z.string().describe('Why.') }),
  ),
});

export type FeedbackAnswer = z.infer<typeof feedbackAnswerSchema>;

const kind = {
  version: versionSchema,
  side: z.enum(['stable', 'canary', 'named']).describe('As in `latency`.'),
};

const judged = {
  records: count.describe('Records whose truth was told.'),
  accuracy: share.describe('Share of right labels; null for a model that answers with numbers.'),
  errorP50: error.describe('Half of the numbers were off by at most this; null for a model that answers with labels.'),
  errorP90: error,
};

export const feedbackStatusSchema = z.object({
  source: z.literal('callers').describe('Told by callers, who may be wrong.'),
  recentFromMs: count.describe('Since when `recent` counts: milliseconds since 1970, about a day ago.'),
  recent: z.array(
    z.object({ ...kind, place: z.string().describe('`global`, or `pop:` and the PoP that answered.'), ...judged }),
  ),
  totals: z.array(z.object({ ...kind, ...judged, right: count.nullable() })).describe('Of all time, over all PoPs.'),
});

export type FeedbackStatus = z.infer<typeof feedbackStatusSchema>;
