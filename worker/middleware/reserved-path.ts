// The path under which the PoP's cache keeps what is the Worker's own.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { reservedPath } from '../cache/reserved-path.ts';
import type { AppContext } from '../http/app-context.ts';

/** Refuses every request for it, and lets no cache in front keep the refusal under a name that the Worker uses. */
export function refuseReserved(c: Context<AppContext>): void {
  const { path } = c.req;
  if (path !== reservedPath && !path.startsWith(`${reservedPath}/`)) return;
  c.header('cache-control', 'no-store');
  throw new PopserveError('NOT_FOUND', `no such path: ${path.slice(0, 100)}`);
}
