// Under which name a request stands in the logs.
import type { Context } from 'hono';
import type { AppContext } from './app-context.ts';

/** The platform's ray id, else one made up; the same for all lines of a request. */
export function requestIdOf(c: Context<AppContext>): string {
  const known = c.get('requestId') ?? c.req.header('cf-ray') ?? crypto.randomUUID();
  c.set('requestId', known);
  return known;
}
