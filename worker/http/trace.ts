// The trace of a request: begun before anything is done for it, told to the caller, and exported behind the answer.
import type { Context } from 'hono';
import { routePath } from 'hono/route';
import { redact } from '../logging/redact.ts';
import type { RequestTrace } from '../telemetry/trace/request-trace.ts';
import type { AppContext } from './app-context.ts';
import { popOf } from './pop.ts';

/** @returns null for nearly all requests: those that bring no trace and are not sampled */
export function beginTrace(c: Context<AppContext>): RequestTrace | null {
  const traceparent = c.req.header('traceparent');
  const tracestate = traceparent === undefined ? undefined : c.req.header('tracestate');
  const trace = c.get('isolate').tracer.begin(traceparent, tracestate);
  if (trace !== null) c.set('trace', trace);
  return trace;
}

/** Called when the answer is there. */
export function endTrace(c: Context<AppContext>, trace: RequestTrace): void {
  // Inference sets it itself: adding a header to a finished response costs as much as making it.
  if (!c.res.headers.has('traceparent')) c.header('traceparent', trace.traceparent);
  if (!trace.sampled) return;
  const isolate = c.get('isolate');
  const { method, url } = c.req;
  const answered = { method, url: redact(url), route: routeOf(c), status: c.res.status, pop: popOf(isolate) };
  isolate.tracer.end(trace, answered, c.executionCtx);
}

/** The id that a line of the log names; nothing for a request without a trace. */
export function traceFields(c: Context<AppContext>): { traceId?: string } {
  const trace = c.get('trace');
  return trace === undefined ? {} : { traceId: trace.traceId };
}

/** As OpenTelemetry writes it: `/v2/models/{model}/infer`. Null where only middleware matched. */
function routeOf(c: Context<AppContext>): string | null {
  const path = routePath(c);
  return path === '' || path.endsWith('*') ? null : path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}');
}
