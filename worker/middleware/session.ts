// Lets people at the console through: a session in a cookie stands for the key that it was begun with. What scripts of other sites
// could do with the cookie is refused: it is never sent along from them, and no change is made without the session's own mark.
import type { Context, MiddlewareHandler } from 'hono';
import type { Scope } from '../../registry/api-key.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';
import { addressOf } from '../http/caller.ts';
import { modelInPath } from '../http/selector.ts';
import { dropSession, sessionOf } from '../http/session.ts';
import { requireRight } from '../security/caller.ts';
import { hasMark } from '../security/sessions.ts';
import { declare } from './declarations.ts';

type Guard = MiddlewareHandler<AppContext>;

/** Styles and scripts of pages, for everybody. */
export const pagePart: Guard = declare((_, next) => next(), { scopes: [], page: true });

/** A page for everybody; a person who has signed in is known to it. */
export const openPage: Guard = declare(
  async (c, next) => {
    await recogniseViewer(c);
    await next();
  },
  { scopes: [], page: true },
);

/** A page that asks models: for everybody where inference is open, else for sessions that may infer. */
export const inferPage: Guard = declare(
  async (c, next) => {
    await recogniseViewer(c);
    const caller = c.get('caller');
    if (caller === undefined && c.var.isolate.config.access === 'keyed') return c.redirect(signInFor(c), 303);
    if (caller !== undefined) requireRight(caller, { scopes: ['infer', 'read'], model: modelInPath(c) });
    else c.var.isolate.security.addressGate.pass(addressOf(c), c.executionCtx);
    return next();
  },
  { scopes: [], page: true },
);

/** A page, or a change by a form, that needs one of the scopes for the model in its path, or for any model where it names none. */
export function page(...scopes: readonly Scope[]): Guard {
  return declare(
    async (c, next) => {
      await recogniseViewer(c);
      const caller = c.get('caller');
      if (caller === undefined) return c.redirect(signInFor(c), 303);
      const model = modelInPath(c);
      requireRight(caller, { scopes, model, open: model === null });
      if (c.req.method !== 'GET' && c.req.method !== 'HEAD') await requireMark(c);
      return next();
    },
    { scopes, page: true },
  );
}

/** The session's mark, which only its own pages know. */
export const markHeader = 'popserve-session-mark';

/** For calls of the API by a page of the console: its script sends the session's mark, and so the session counts as the credential. */
export const sessionOfScript: MiddlewareHandler<AppContext> = async (c, next) => {
  const mark = c.req.header(markHeader);
  if (mark === undefined) return next();
  const session = await sessionOf(c);
  if (session === null || !hasMark(session, mark) || isCrossSite(c)) return next();
  // A session that was ended everywhere counts for nothing here either.
  await recogniseViewer(c);
  if (c.get('caller') !== undefined) c.set('sessionCredential', session.credential);
  return next();
};

/** Sets the caller where there is a session that holds. */
async function recogniseViewer(c: Context<AppContext>): Promise<void> {
  const { security } = c.var.isolate;
  const session = await sessionOf(c);
  if (session === null) return;
  const beforeWork = () => security.addressGate.ask(addressOf(c));
  try {
    const caller = await security.authenticator.check(session.credential, c.executionCtx, beforeWork);
    if (caller !== null && !(await security.sessions.isEnded(caller.id, session))) {
      security.keyGate.pass(caller.id, c.executionCtx);
      c.set('caller', caller);
      return;
    }
  } catch (error) {
    if (!(error instanceof PopserveError) || error.code !== 'UNAUTHENTICATED') throw error;
  }
  c.set('session', null);
  dropSession(c);
}

/** @throws {PopserveError} PERMISSION_DENIED for a form that is not one of the session's own pages */
export async function requireMark(c: Context<AppContext>): Promise<void> {
  const session = await sessionOf(c);
  const { csrf } = await c.req.parseBody();
  if (session !== null && hasMark(session, typeof csrf === 'string' ? csrf : null) && !isCrossSite(c)) return;
  throw new PopserveError(
    'PERMISSION_DENIED',
    'the form is not one of this session: load the page again and repeat it',
  );
}

/** Browsers say where a request comes from. @see https://www.w3.org/TR/fetch-metadata/ */
export function isCrossSite(c: Context<AppContext>): boolean {
  const site = c.req.header('sec-fetch-site');
  // Without a referrer a browser names no origin either, and this still.
  if (site !== undefined) return site !== 'same-origin';
  const origin = c.req.header('origin');
  return origin !== undefined && origin !== new URL(c.req.url).origin;
}

/** Leads back to the page that was asked for. */
function signInFor(c: Context<AppContext>): string {
  const { pathname, search } = new URL(c.req.url);
  return `/console/sign-in?to=${encodeURIComponent(c.req.method === 'GET' ? pathname + search : '/console')}`;
}
