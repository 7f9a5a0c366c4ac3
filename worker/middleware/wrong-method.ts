// A wrong method on a path that there is gets 405 with the right ones, instead of Hono's 404.
import type { Context, Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
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
      return refuse(c, methods.filter((method) => mounted.includes(method)).join(', '));
    },
  });
}

/** `<name>:<verb>`, as TensorFlow Serving's calls end. */
const verb = /(:|%3a)[a-z]+$/i;

/** TensorFlow Serving's calls are posted. The router takes `x:predict` for the name of a model, whose status could be read. */
export const postedVerbs = createMiddleware<AppContext>(async (c, next) =>
  c.req.method === 'POST' || !verb.test(c.req.path) ? await next() : refuse(c, 'POST'),
);

function refuse(c: Context<AppContext>, allowed: string): Response {
  const error = `method not allowed: ${c.req.method} ${c.req.path} (allowed: ${allowed})`;
  return c.json(errorAnswer(c.req.path, 405, { error }), 405, { allow: allowed });
}
