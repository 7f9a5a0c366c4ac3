// How an encoded answer leaves: as it is, or compressed where the client wants that and the platform cannot.
import type { Context } from 'hono';
import { deflate, needsDeflate } from '../protocol/compress.ts';
import type { EncodedMessage } from '../protocol/envelope.ts';
import { freeBytes } from '../runtime/free-bytes.ts';
import type { Account } from '../runtime/ledger.ts';
import { answerHeaders } from './answer-headers.ts';
import type { AppContext } from './app-context.ts';
import { popOf } from './pop.ts';

/** The client's copy is still valid: headers without a body. */
export interface Unchanged {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: null;
}

/** A smaller answer is in the network's buffers at once. */
const largeBytes = 65_536;

/**
 * @param account holds what the answer takes until it has been sent
 * @returns 200 with the body; 304 without one
 */
export function answer(c: Context<AppContext>, message: EncodedMessage | Unchanged, account: Account): Response {
  const isolate = c.get('isolate');
  const kept = isolate.keptHeaders.of(message.headers, popOf(isolate), answerHeaders);
  const trace = c.get('trace');
  const headers = trace === undefined ? kept : new Headers(kept);
  if (trace !== undefined) headers.set('traceparent', trace.traceparent);
  const { body } = message;
  if (body === null) return new Response(null, { status: 304, headers });
  if (!needsDeflate(body, c.req.raw)) {
    if (body.length >= largeBytes) return new Response(sendCounted(c, body, account), { headers });
    account.give('answers');
    return new Response(body, { headers });
  }
  const deflated = new Headers(headers);
  deflated.set('content-encoding', 'deflate');
  deflated.set('vary', 'Accept-Encoding');
  // The body is compressed already: without `manual` the platform would compress it once more.
  const { readable, sent } = deflate(body);
  giveBack(c, sent, account);
  return new Response(readable, { headers: deflated, encodeBody: 'manual' });
}

/** As a stream, which tells when the client has taken it; a plain body does not. */
function sendCounted(c: Context<AppContext>, body: EncodedMessage['body'], account: Account): ReadableStream {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const { readable, writable } = new FixedLengthStream(bytes.length);
  const writer = writable.getWriter();
  const sent = writer
    .write(bytes)
    .then(() => writer.close())
    // A client that goes away fails the reading side; that is not this side's fault to report.
    .catch(() => undefined);
  giveBack(
    c,
    sent.finally(() => freeBytes(bytes)),
    account,
  );
  return readable;
}

function giveBack(c: Context<AppContext>, sent: Promise<void>, account: Account): void {
  c.executionCtx.waitUntil(sent.finally(() => account.give('answers')));
}
