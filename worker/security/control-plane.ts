// Who may change what is served: the operator's bearer token, the name under which a change is logged, and its log line.
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { sha256 } from '../../registry/digests.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../isolate.ts';
import { requestIdOf } from '../request-id.ts';
import { log } from '../telemetry/log.ts';

/** Lets only the operator through. Without a configured token the control plane is off, never open. */
export const requireOperator = createMiddleware<AppContext>(async (c, next) => {
  const { adminToken } = c.var.isolate.config;
  if (adminToken === null) {
    throw new PopserveError('UNAVAILABLE', 'the control plane is off: no admin token is configured');
  }
  const [, token] = /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '') ?? [];
  if (token === undefined || !(await sameSecret(token, adminToken))) {
    c.header('WWW-Authenticate', 'Bearer realm="popserve"');
    throw new PopserveError('UNAUTHENTICATED', "expected the operator's token as 'Authorization: Bearer <token>'");
  }
  // Refused here rather than after the change that it was to be recorded with.
  actorOf(c);
  await next();
});

/**
 * The name under which an authenticated operator's change is recorded: the header `popserve-actor`, else `operator`.
 * @throws {PopserveError} INVALID_ARGUMENT if the header is not 1 to 128 printable characters
 */
export function actorOf(c: Context<AppContext>): string {
  const actor = c.req.header('popserve-actor');
  if (actor === undefined) return 'operator';
  if (/^[\x20-\x7e]{1,128}$/.test(actor)) return actor;
  throw new PopserveError('INVALID_ARGUMENT', 'popserve-actor: expected 1 to 128 printable ASCII characters');
}

/** One log line for a change that was made. */
export function logChange(c: Context<AppContext>, change: string, details: Record<string, unknown>): void {
  log('control-plane', { change, actor: actorOf(c), requestId: requestIdOf(c), ...details });
}

/** Compares digests of equal length, so that the time tells nothing about how much of the token was right. */
async function sameSecret(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all([sha256(left), sha256(right)]);
  return a.reduce((difference, byte, index) => difference | (byte ^ (b[index] ?? 0)), 0) === 0;
}
