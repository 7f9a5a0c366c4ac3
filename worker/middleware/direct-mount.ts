// Which guard and handler a path leads to, and what is passed by on the way there.
import type { Env, Handler, Hono, MiddlewareHandler } from 'hono';
import { declarationOf } from './declarations.ts';

export interface Mount<E extends Env> {
  readonly guard: MiddlewareHandler<E>;
  readonly handler: Handler<E>;
}

/** Middleware that may be passed by: null, or the header that a request must have for it to do anything. */
export type Passed = ReadonlyMap<object, string | null>;

/**
 * @param path of a call by POST, as the app has it
 * @throws Error if nothing is mounted there, or middleware behind the guard
 * @throws TypeError for middleware on the way there that is not among the known: it would be passed by
 */
export function mountOf<E extends Env>(app: Hono<E>, path: string, passed: Passed): Mount<E> {
  const [matched] = app.router.match('POST', path.replaceAll(/:\w+/g, 'x'));
  const handlers = matched.map(([[handler]]) => handler as MiddlewareHandler<E>);
  const [guard, handler] = handlers.filter((one) => !passed.has(one));
  if (guard === undefined || handler === undefined) throw new Error(`nothing is mounted at POST ${path}`);
  declarationOf(guard);
  if (handler.length > 1) throw new Error(`POST ${path} has middleware between its guard and its handler`);
  return { guard, handler };
}
