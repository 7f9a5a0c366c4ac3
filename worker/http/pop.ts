// Which PoP answers.
import type { Context } from 'hono';
import type { AppContext } from './app-context.ts';

/** A configured name, else the IATA code that the platform gives with each request; read once, as it is parsed anew each time. */
export function popOf(c: Context<AppContext>): string {
  const isolate = c.get('isolate');
  if (isolate.pop === null) {
    const colo: unknown = c.req.raw.cf?.colo;
    if (typeof colo !== 'string') return 'unknown';
    isolate.pop = colo;
    // Where the first client is: the platform does not tell where its PoPs are.
    const continent: unknown = c.req.raw.cf?.continent;
    if (typeof continent === 'string') isolate.drift.region ??= continent;
  }
  return isolate.pop;
}
