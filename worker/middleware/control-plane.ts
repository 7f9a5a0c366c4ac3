// Who may look at and change the registry, and the name under which a change is recorded.
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';
import { type Need, requireRight } from '../security/caller.ts';
import { readCredential } from '../security/credential.ts';
import { addressOf, unauthenticated } from './access.ts';

/** Lets through who holds the scope that the call needs. Without a configured token the control plane is off, never open. */
export const requireOperator = createMiddleware<AppContext>(async (c, next) => {
  const { config, security } = c.var.isolate;
  if (config.adminToken === null) {
    throw new PopserveError('UNAVAILABLE', 'the control plane is off: no admin token is configured');
  }
  const token = readCredential(c.req.raw.headers);
  if (token === null) throw unauthenticated(c, expected);
  const caller = await security.authenticator.check(token, c.executionCtx, () =>
    security.addressGate.ask(addressOf(c)),
  );
  if (caller === null) throw unauthenticated(c, expected);
  c.set('caller', caller);
  security.keyGate.pass(caller.id, c.executionCtx);
  requireRight(caller, controlNeedOf(c.req.method, c.req.path));
  // Refused here rather than after the change that it was to be recorded with.
  actorOf(c);
  await next();
});

const expected = "expected the operator's token or a key as 'Authorization: Bearer <token>'";

/** Looking needs `read`, changing `release`; keys, audit, garbage and sampled inputs are the administrator's. */
export function controlNeedOf(method: string, path: string): Need {
  const looks = method === 'GET' || method === 'HEAD';
  const [, area, name, part] = /^\/(?:registry|v2\/repository)\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?/.exec(path) ?? [];
  // What was asked may be about persons.
  if (area === 'models' && part === 'sample') return { scopes: ['admin'], model: name ?? null };
  if (area === 'models') {
    // The list leaves out what the caller may not see.
    return { scopes: [looks ? 'read' : 'release'], model: name ?? null, open: name === undefined && looks };
  }
  if (area === 'blobs') {
    // Bytes belong to no model: who may release one puts them and asks whether they are there, but reads no others'.
    return { scopes: [looks ? 'read' : 'release'], model: null, open: method !== 'GET' };
  }
  if (path === '/metrics') return { scopes: ['read'], model: null };
  return { scopes: ['admin'], model: null };
}

/**
 * The name under which an authenticated caller's change is recorded: the header `popserve-actor`, which the operator's token
 * is believed; beside a key's or a token's own id, which it cannot choose.
 * @throws {PopserveError} INVALID_ARGUMENT if the header is not 1 to 128 printable characters
 */
export function actorOf(c: Context<AppContext>): string {
  const named = c.req.header('popserve-actor');
  if (named !== undefined && !/^[\x20-\x7e]{1,128}$/.test(named)) {
    throw new PopserveError('INVALID_ARGUMENT', 'popserve-actor: expected 1 to 128 printable ASCII characters');
  }
  const caller = c.get('caller');
  if (caller === undefined || caller.id === 'operator') return named ?? 'operator';
  return named === undefined ? caller.id : `${named} (${caller.id})`;
}
