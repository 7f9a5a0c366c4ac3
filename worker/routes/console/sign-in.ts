// Sign-in and sign-out of people at the console.
import type { Context } from 'hono';
import { PopserveError } from '../../../registry/errors.ts';
import type { AppContext } from '../../http/app-context.ts';
import { addressOf } from '../../http/caller.ts';
import { dropSession, keepSession } from '../../http/session.ts';
import { isCrossSite, requireMark } from '../../middleware/session.ts';
import { answerPage, frameOf } from './answer-page.ts';

export async function showSignIn(c: Context<AppContext>) {
  const { signInScreen } = await import('../../console/screens/sign-in.tsx');
  return answerPage(c, signInScreen(await frameOf(c), { to: ownPath(c.req.query('to')), fault: null }));
}

export async function signIn(c: Context<AppContext>) {
  const { security } = c.var.isolate;
  const form = await c.req.parseBody();
  const to = ownPath(form.to);
  const credential = typeof form.credential === 'string' ? form.credential.trim() : '';
  try {
    // A page of another site must not put its visitor into somebody else's session.
    if (isCrossSite(c)) throw new PopserveError('PERMISSION_DENIED', 'the form comes from another site');
    const beforeWork = () => security.addressGate.ask(addressOf(c));
    const caller = await security.authenticator.check(credential, c.executionCtx, beforeWork);
    if (caller === null) throw new PopserveError('UNAUTHENTICATED', 'the key or token is not known here');
    keepSession(c, await security.sessions.begin(credential));
    return c.redirect(to, 303);
  } catch (error) {
    if (!(error instanceof PopserveError) || error.code === 'INTERNAL') throw error;
    const { signInScreen } = await import('../../console/screens/sign-in.tsx');
    return answerPage(c, signInScreen(await frameOf(c), { to, fault: error.message }), error.status);
  }
}

export async function signOut(c: Context<AppContext>) {
  const caller = c.get('caller');
  if (caller !== undefined) {
    await requireMark(c);
    const { everywhere } = await c.req.parseBody();
    if (everywhere === 'yes') await c.var.isolate.security.sessions.endAll(caller.id);
  }
  dropSession(c);
  return c.redirect('/console/sign-in', 303);
}

/** Only a path of this server: a link to the sign-in must not lead elsewhere. */
function ownPath(to: unknown): string {
  const base = 'https://popserve.invalid';
  if (typeof to !== 'string' || !URL.canParse(to, base)) return '/console';
  const { origin, pathname, search } = new URL(to, base);
  return origin === base && pathname.startsWith('/console') ? pathname + search : '/console';
}
