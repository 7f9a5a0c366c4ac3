import { expect, it } from 'vitest';
import { readWebhookSettings } from '../../../../worker/telemetry/signal/settings.ts';
import { signEvent } from '../../../../worker/telemetry/signal/webhook.ts';

it('signs the published example of Standard Webhooks as it is published', async () => {
  const event = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };
  const signature = await signEvent(event, 1614265330, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

it('wants a secret beside an address', () => {
  const variables = { WEBHOOK_URL: 'https://example.com/hook', WEBHOOK_SECRET: '', WEBHOOK_RETRY_SECONDS: 5 };
  expect(() => readWebhookSettings(variables)).toThrow(/WEBHOOK_SECRET: expected at least 16 characters/);
  expect(readWebhookSettings({ ...variables, WEBHOOK_URL: '' })).toBeNull();
});
