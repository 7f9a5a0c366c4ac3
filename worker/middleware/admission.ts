// Admits callers: credentials are checked, rights compared and calls counted here for both planes.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';
import { actorOf, addressOf } from '../http/caller.ts';
import { modelInPath } from '../http/selector.ts';
import { type Caller, type Need, requireRight } from '../security/caller.ts';
import { readCredential } from '../security/credential.ts';

/**
 * Lets a request through, or refuses it with 401, 403, 429 or 503. A call that the scope `infer` is enough for belongs to the
 * data plane, which the setting INFERENCE_ACCESS opens to callers without a credential; all other calls are the control
 * plane's, which is off without an admin token, never open. A credential that is sent is checked in either case.
 * @param need the model that the call is about is read from the path
 * @returns nothing, without a promise, for anonymous requests to an open server and for keys in memory
 */
export function admit(c: Context<AppContext>, need: Omit<Need, 'model'>): Promise<void> | undefined {
  const { config, security } = c.get('isolate');
  if (isControl(need) && config.adminToken === null) {
    throw new PopserveError('UNAVAILABLE', 'the control plane is off: no admin token is configured');
  }
  const token = readCredential(c.req.raw.headers) ?? c.get('sessionCredential') ?? null;
  if (token === null) {
    // Before it is refused too: whoever tries without a credential counts against the address.
    security.addressGate.pass(addressOf(c), c.executionCtx);
    return admitAnonymous(c, need, "expected a key as 'Authorization: Bearer <key>' or 'x-api-key: <key>'");
  }
  const checked = security.authenticator.check(token, c.executionCtx, () => security.addressGate.ask(addressOf(c)));
  return checked instanceof Promise
    ? checked.then((caller) => admitCaller(c, caller, need))
    : admitCaller(c, checked, need);
}

function isControl({ scopes }: Pick<Need, 'scopes'>): boolean {
  return !scopes.includes('infer');
}

/** @param refusal of the data plane, where it takes nobody without a key */
function admitAnonymous(c: Context<AppContext>, need: Omit<Need, 'model'>, refusal: string): undefined {
  const { config } = c.get('isolate');
  if (isControl(need) || config.access === 'keyed') {
    c.header('www-authenticate', 'Bearer realm="popserve"');
    const expected = "expected the operator's token or a key as 'Authorization: Bearer <token>'";
    throw new PopserveError('UNAUTHENTICATED', isControl(need) ? expected : refusal);
  }
}

function admitCaller(c: Context<AppContext>, caller: Caller | null, need: Omit<Need, 'model'>): undefined {
  // A credential of somewhere else does not keep anybody from an open server.
  if (caller === null) return admitAnonymous(c, need, 'the credential is not known here');
  c.set('caller', caller);
  c.get('isolate').security.keyGate.pass(caller.id, c.executionCtx);
  requireRight(caller, { ...need, model: modelInPath(c) });
  // A name that cannot be recorded is refused here rather than after the change that it was to be recorded with.
  if (isControl(need)) actorOf(c);
}
