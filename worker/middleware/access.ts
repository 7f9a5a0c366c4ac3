// Who may use the data plane: everybody or who has a key, by setting. A credential that is sent is checked in either case.
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';
import { type Caller, type Need, requireRight } from '../security/caller.ts';
import { readCredential } from '../security/credential.ts';
import { limitedAddress } from '../security/rate-gate.ts';

/**
 * Lets a request through to the data plane, or refuses it with 401, 403 or 429. Without promises for anonymous requests to an
 * open server and for keys in memory.
 */
export const access = createMiddleware<AppContext>((c, next) => {
  const { config, security } = c.get('isolate');
  const token = readCredential(c.req.raw.headers);
  if (token === null) return anonymous(c, next);
  const checked = security.authenticator.check(token, c.executionCtx, () => security.addressGate.ask(addressOf(c)));
  const admit = (caller: Caller | null) => {
    if (caller !== null) return identified(c, caller, next);
    if (config.access === 'open') return anonymous(c, next);
    throw unauthenticated(c, 'the credential is not known here');
  };
  return checked instanceof Promise ? checked.then(admit) : admit(checked);
});

function anonymous(c: Context<AppContext>, next: () => Promise<void>): Promise<void> {
  const { config, security } = c.get('isolate');
  if (config.access === 'keyed') {
    throw unauthenticated(c, "expected a key as 'Authorization: Bearer <key>' or 'x-api-key: <key>'");
  }
  security.addressGate.pass(addressOf(c), c.executionCtx);
  return next();
}

function identified(c: Context<AppContext>, caller: Caller, next: () => Promise<void>): Promise<void> {
  c.set('caller', caller);
  requireRight(caller, needOf(c.req.method, c.req.path));
  c.get('isolate').security.keyGate.pass(caller.id, c.executionCtx);
  return next();
}

/** These tell a caller only of the models that it may see. */
const lists = /^\/v2\/(models(\/stats)?|repository\/index)\/?$/;

/** What a call of the data plane needs; reading what a model is goes with the right to run it. */
export function needOf(method: string, path: string): Need {
  if (lists.test(path)) return { scopes: ['infer', 'read'], model: null, open: true };
  const [, repository, named] = /^\/v[12]\/(repository\/)?models\/([^/:]+)/.exec(path) ?? [];
  const model = named ?? null;
  if (repository !== undefined) return { scopes: ['release'], model };
  const reads = (method === 'GET' || method === 'HEAD') && !path.endsWith('/infer');
  return { scopes: reads ? ['infer', 'read'] : ['infer'], model };
}

/** The models that a list may tell the caller of; null: all. */
export function visibleModels(c: Context<AppContext>): ReadonlySet<string> | null {
  return c.get('caller')?.models ?? null;
}

/** The client's address as the platform tells it; clients cannot set it there. */
export function addressOf(c: Context<AppContext>): string {
  return limitedAddress(c.req.header('cf-connecting-ip') ?? '');
}

export function unauthenticated(c: Context<AppContext>, message: string): PopserveError {
  c.header('www-authenticate', 'Bearer realm="popserve"');
  return new PopserveError('UNAUTHENTICATED', message);
}
