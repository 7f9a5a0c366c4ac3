// A wrong method on a path that there is gets 405 with the right ones, instead of Hono's 404.
import type { Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { AppContext } from '../http/app-context.ts';
import { errorAnswer } from '../http/error-answer.ts';

/** The order in which they are told. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6 */
export function wrongMethod(app: Hono<AppContext>) {
  return methodNotAllowed({
    app,
    onMethodNotAllowed: (c, mounted) => {
      const allowed = methods.filter((method) => mounted.includes(method)).join(', ');
      const error = `method not allowed: ${c.req.method} ${c.req.path} (allowed: ${allowed})`;
      return c.json(errorAnswer(c.req.path, 405, { error }), 405, { allow: allowed });
    },
  });
}
