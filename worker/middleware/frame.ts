// The first and the last steps of every request, whichever way it takes to its handler.
import type { Context } from 'hono';
import { answerHeaders, isJson, keepPlain } from '../http/answer-headers.ts';
import type { AppContext } from '../http/app-context.ts';
import { drain } from '../http/drain.ts';
import { learnPop, popOf } from '../http/pop.ts';
import { beginTrace, endTrace } from '../http/trace.ts';
import { chargeWork } from '../http/work.ts';
import type { Isolate } from '../isolate.ts';
import type { RequestTrace } from '../telemetry/trace/request-trace.ts';
import { requireAllowedHost } from './allowed-hosts.ts';
import { limitSize } from './request-size.ts';
import { refuseReserved } from './reserved-path.ts';

/** Nothing of it fails. @returns the trace to end; null for nearly all requests */
export function openRequest(c: Context<AppContext>, isolate: Isolate): RequestTrace | null {
  if (isolate.pop === null) learnPop(isolate, c.req.raw);
  c.set('isolate', isolate);
  return beginTrace(c);
}

/** @throws PopserveError for a request that this PoP has no answer to, whoever asks */
export function requireServable(c: Context<AppContext>): void {
  requireAllowedHost(c);
  const isolate = c.get('isolate');
  isolate.origin ??= new URL(c.req.url).origin;
  refuseReserved(c);
  limitSize(c);
}

/** Called when the answer is there, that to an error as well. @returns a promise only where a body has to be read to its end */
export function closeRequest(c: Context<AppContext>, trace: RequestTrace | null): Promise<void> | undefined {
  chargeWork(c);
  if (trace !== null) endTrace(c, trace);
  // A body that no handler wanted, of whatever method.
  const { raw } = c.req;
  if (!raw.bodyUsed && raw.body !== null) return drain(raw.body).then(() => addHeaders(c));
  addHeaders(c);
  return undefined;
}

/** Inference sets them itself: adding a header to a finished response costs as much as making it. */
function addHeaders(c: Context<AppContext>): void {
  if (c.res.headers.has('popserve-pop')) return;
  c.header('popserve-pop', popOf(c.get('isolate')));
  for (const [name, value] of Object.entries(answerHeaders)) c.header(name, value);
  if (isJson(c.res)) keepPlain(c);
}
