// Which PoP answers.
import type { Context } from 'hono';
import type { AppContext } from './isolate.ts';

/** A configured name, else the IATA code that the platform gives. */
export function popOf(c: Context<AppContext>): string {
  const colo: unknown = c.req.raw.cf?.colo;
  return c.var.isolate.config.popName ?? (typeof colo === 'string' ? colo : 'unknown');
}
