// The settings of feedback: what ids of answers are signed with, and how long they are good.
import * as z from 'zod';
import { PopserveError } from '../../../registry/errors.ts';

export interface FeedbackSettings {
  readonly secret: string;
  readonly days: number;
}

const shortestSecret = 16;

export const feedbackVariables = {
  FEEDBACK_SECRET: z.string().default(''),
  FEEDBACK_DAYS: z.coerce.number().min(1).max(365).default(30),
};

type Variables = { [K in keyof typeof feedbackVariables]: z.output<(typeof feedbackVariables)[K]> };

/**
 * @returns null without a secret: then answers have no id, and feedback is refused
 * @throws {PopserveError} INTERNAL for a secret that could be guessed: everybody who asks gets something to try guesses on
 */
export function readFeedbackSettings({
  FEEDBACK_SECRET: secret,
  FEEDBACK_DAYS: days,
}: Variables): FeedbackSettings | null {
  if (secret === '') return null;
  if (secret.length < shortestSecret) {
    throw new PopserveError(
      'INTERNAL',
      `wrong settings: FEEDBACK_SECRET: expected at least ${shortestSecret} characters, best drawn at random`,
    );
  }
  return { secret, days };
}
