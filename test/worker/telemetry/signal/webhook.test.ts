import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { readWebhookSettings } from '../../../../worker/telemetry/signal/settings.ts';
import { deliver, signEvent, traceIdOf } from '../../../../worker/telemetry/signal/webhook.ts';
import { close, listen } from '../../../harness/http-server.ts';

it('signs the published example of Standard Webhooks as it is published', async () => {
  const event = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };
  const signature = await signEvent(event, 1614265330, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

it('names the trace of an event at every attempt, each as a span of its own', async () => {
  const told: unknown[] = [];
  const server = createServer((incoming, outgoing) => {
    told.push(incoming.headers.traceparent);
    outgoing.end();
  });
  const webhook = { url: await listen(server), secret: 'a secret of some length', retrySeconds: 1 };
  try {
    const traceId = await traceIdOf('event-1');
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await deliver({ id: 'event-1', body: '{}', traceId }, webhook)).toBeNull();
    }
    expect(told).toEqual([expect.stringMatching(`^00-${traceId}-[0-9a-f]{16}-00$`), expect.any(String)]);
    expect(told[1]).toMatch(`00-${traceId}-`);
    expect(told[1]).not.toBe(told[0]);
    expect(await traceIdOf('event-2')).not.toBe(traceId);
  } finally {
    await close(server);
  }
});

it('wants a secret beside an address', () => {
  const variables = { WEBHOOK_URL: 'https://example.com/hook', WEBHOOK_SECRET: '', WEBHOOK_RETRY_SECONDS: 5 };
  expect(() => readWebhookSettings(variables)).toThrow(/WEBHOOK_SECRET: expected at least 16 characters/);
  expect(readWebhookSettings({ ...variables, WEBHOOK_URL: '' })).toBeNull();
});
