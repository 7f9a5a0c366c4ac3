// Which names this PoP answers to. A PoP on somebody's own machine is reached by every page in that person's browser: a page whose
// name is made to resolve to 127.0.0.1 would be of the same origin, and CORS would not hold it off (DNS rebinding).
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';

/**
 * Refuses with 421 a request that was meant for another host. The Host header is looked at, which pages cannot set, and not the
 * URL, which proxies of development servers rewrite by headers that pages can set.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20
 */
export function requireAllowedHost(c: Context<AppContext>): void {
  const allowed = c.get('isolate').config.allowedHosts;
  if (allowed === '*') return;
  const host = c.req.header('host') ?? '';
  const name = URL.parse(`http://${host}/`)?.hostname ?? '';
  // Browsers resolve every name below localhost to the machine itself.
  if (allowed.has(name) || (name.endsWith('.localhost') && allowed.has('localhost'))) return;
  const expected = [...allowed].join(', ');
  throw new PopserveError(
    'MISDIRECTED',
    `this PoP answers to ${expected}, and the request is for host '${host.slice(0, 100)}'. To allow that name, add it to the setting ALLOWED_HOSTS (npx popserve start --allow-host NAME)`,
  );
}
