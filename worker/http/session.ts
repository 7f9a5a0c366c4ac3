// The session of a request to the console, from its cookie.
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Session } from '../security/sessions.ts';
import { sessionCookie, sessionSeconds } from '../security/sessions.ts';
import type { AppContext } from './app-context.ts';

/** @returns null where there is none that holds */
export async function sessionOf(c: Context<AppContext>): Promise<Session | null> {
  const known = c.get('session');
  if (known !== undefined) return known;
  const value = getCookie(c, sessionCookie);
  const session = value === undefined ? null : await c.var.isolate.security.sessions.read(value);
  c.set('session', session);
  return session;
}

export function keepSession(c: Context<AppContext>, value: string): void {
  setCookie(c, sessionCookie, value, {
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Strict',
    maxAge: sessionSeconds,
  });
}

export function dropSession(c: Context<AppContext>): void {
  deleteCookie(c, sessionCookie, { path: '/', secure: true });
}
