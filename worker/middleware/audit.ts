// The audit log: one line for every call of the control plane, refused ones too, and a kept record of every change.
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { AppContext } from '../http/app-context.ts';
import { actorOf } from '../http/caller.ts';
import { requestIdOf } from '../http/request-id.ts';
import { traceFields } from '../http/trace.ts';
import { log } from '../logging/log.ts';
import type { Operator } from '../models/release.ts';

/** Stands outside the guards, so that refused calls are audited too. The query is left out: it is the caller's text. */
export const audited = createMiddleware<AppContext>(async (c, next) => {
  await next();
  const caller = c.get('caller');
  if (caller === undefined && !mayWrite(c)) return;
  const line = {
    at: new Date().toISOString(),
    requestId: requestIdOf(c),
    ...traceFields(c),
    caller: caller?.id ?? 'unknown',
    address: c.req.header('cf-connecting-ip') ?? '',
    method: c.req.method,
    path: c.req.path.slice(0, 300),
    status: c.res.status,
  };
  const change = c.get('change');
  if (change === undefined) {
    log('audit', line);
    return;
  }
  const record = { ...line, actor: actorOf(c), ...change };
  log('audit', record);
  try {
    await c.var.isolate.security.audit.append(record);
  } catch (error) {
    // The change was made and stands; the line above has it.
    log('audit-failed', { requestId: line.requestId, ...traceFields(c), error: String(error) });
  }
});

/** Calls of nobody known get some lines, and the rest one number, so that the log cannot be filled without a key. */
function mayWrite(c: Context<AppContext>): boolean {
  const leftOut = c.var.isolate.security.refusedLines.take();
  if (leftOut !== null && leftOut > 0) log('audit-left-out', { refused: leftOut });
  return leftOut !== null;
}

/** The actor of this call's changes, and the function that notes them. Values that must not be kept do not belong in a note. */
export function operatorOf(c: Context<AppContext>): Operator {
  return { actor: actorOf(c), note: (change, details) => c.set('change', { change, details }) };
}
