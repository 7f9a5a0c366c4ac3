// The path under which the PoP's cache keeps what is the Worker's own.
import { createMiddleware } from 'hono/factory';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';

/** Refuses every request for it, and lets no cache in front keep the refusal under a name that the Worker uses. */
export const refuseReserved = createMiddleware<AppContext>((c) => {
  c.header('cache-control', 'no-store');
  throw new PopserveError('NOT_FOUND', `no such path: ${c.req.path.slice(0, 100)}`);
});
