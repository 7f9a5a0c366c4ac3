// Delivers one event to the operator's webhook, signed according to Standard Webhooks, for which receivers find libraries.
// @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { encodeBase64, toHex } from '../../../registry/bytes.ts';
import { newSpanId, writeTraceparent } from '../trace/trace-context.ts';

export interface WebhookSettings {
  readonly url: string;
  /** `whsec_` followed by the key in base64, or any text of at least 16 characters, whose UTF-8 bytes are the key. */
  readonly secret: string;
  /** The pause after the first failed attempt. Each further pause is four times as long. */
  readonly retrySeconds: number;
}

/** An event as it is sent, with the same bytes at every attempt. */
export interface SignedEvent {
  readonly id: string;
  readonly body: string;
}

/** The trace of an event: the same at every attempt, and in each line of the log about it. */
export async function traceIdOf(event: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(event));
  return toHex(new Uint8Array(digest, 0, 16));
}

const timeoutMs = 10_000;

/**
 * Makes the header `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`.
 * @param timestamp seconds since 1970
 */
export async function signEvent({ id, body }: SignedEvent, timestamp: number, secret: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', keyOf(secret), algorithm, false, ['sign']);
  const text = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, text));
  return `v1,${encodeBase64(signature)}`;
}

/** @returns null if the receiver took the event (2xx), else what went wrong */
export async function deliver(
  event: SignedEvent & { readonly traceId: string },
  { url, secret }: WebhookSettings,
): Promise<string | null> {
  try {
    const timestamp = Math.floor(Date.now() / 1000);
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'popserve',
        'webhook-id': event.id,
        'webhook-timestamp': String(timestamp),
        traceparent: writeTraceparent(event.traceId, newSpanId(), false),
        'webhook-signature': await signEvent(event, timestamp, secret),
      },
      body: event.body,
      // A redirect would send the signed event to another receiver.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return response.ok ? null : `the receiver answered ${response.status}`;
  } catch (error) {
    return String(error);
  }
}

function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  if (!secret.startsWith('whsec_')) return Uint8Array.from(new TextEncoder().encode(secret));
  return Uint8Array.from(atob(secret.slice('whsec_'.length)), (byte) => byte.charCodeAt(0));
}
