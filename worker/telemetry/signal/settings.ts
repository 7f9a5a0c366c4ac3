// The settings of the webhook that events are sent to.
import * as z from 'zod';
import { PopserveError } from '../../../registry/errors.ts';
import type { WebhookSettings } from './webhook.ts';

export type { WebhookSettings };

const shortestSecret = 16;

export const webhookVariables = {
  WEBHOOK_URL: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  WEBHOOK_SECRET: z.string().default(''),
  WEBHOOK_RETRY_SECONDS: z.coerce.number().min(0.01).max(3600).default(5),
};

type Variables = { [K in keyof typeof webhookVariables]: z.output<(typeof webhookVariables)[K]> };

/**
 * @returns null if no URL is set
 * @throws {PopserveError} INTERNAL when the secret is missing or short: receivers could not tell whether an event is genuine
 */
export function readWebhookSettings(variables: Variables): WebhookSettings | null {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secret, WEBHOOK_RETRY_SECONDS: retrySeconds } = variables;
  if (url === '') return null;
  if (secret.length < shortestSecret) {
    throw new PopserveError(
      'INTERNAL',
      `wrong settings: WEBHOOK_SECRET: expected at least ${shortestSecret} characters beside a WEBHOOK_URL`,
    );
  }
  return { url, secret, retrySeconds };
}
