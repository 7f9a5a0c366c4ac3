// Who asks, and whether the caller may: credentials are checked, rights compared and calls counted here for both planes.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';
import { actorOf, addressOf } from '../http/caller.ts';
import { type Caller, type Need, requireRight } from '../security/caller.ts';
import { readCredential } from '../security/credential.ts';

/**
 * Lets a request through, or refuses it with 401, 403, 429 or 503. A call that the scope `infer` is enough for belongs to the
 * data plane, which the setting INFERENCE_ACCESS opens to callers without a credential; all other calls are the control
 * plane's, which is off without an admin token, never open. A credential that is sent is checked in either case.
 * @returns nothing, without a promise, for anonymous requests to an open server and for keys in memory
 */
export function admit(c: Context<AppContext>, need: Need): Promise<void> | undefined {
  const { config, security } = c.get('isolate');
  const control = !need.scopes.includes('infer');
  if (control && config.adminToken === null) {
    throw new PopserveError('UNAVAILABLE', 'the control plane is off: no admin token is configured');
  }
  const token = readCredential(c.req.raw.headers);
  if (token === null) return admitAnonymous(c, control, control ? operatorExpected : keyExpected);
  const checked = security.authenticator.check(token, c.executionCtx, () => security.addressGate.ask(addressOf(c)));
  if (checked instanceof Promise) return checked.then((caller) => admitCaller(c, caller, need, control));
  return admitCaller(c, checked, need, control);
}

const operatorExpected = "expected the operator's token or a key as 'Authorization: Bearer <token>'";
const keyExpected = "expected a key as 'Authorization: Bearer <key>' or 'x-api-key: <key>'";

function admitAnonymous(c: Context<AppContext>, control: boolean, refusal: string): undefined {
  const { config, security } = c.get('isolate');
  if (control || config.access === 'keyed') {
    c.header('www-authenticate', 'Bearer realm="popserve"');
    throw new PopserveError('UNAUTHENTICATED', refusal);
  }
  security.addressGate.pass(addressOf(c), c.executionCtx);
}

function admitCaller(c: Context<AppContext>, caller: Caller | null, need: Need, control: boolean): undefined {
  // An open server answers whoever sends a credential of somewhere else.
  if (caller === null)
    return admitAnonymous(c, control, control ? operatorExpected : 'the credential is not known here');
  c.set('caller', caller);
  c.get('isolate').security.keyGate.pass(caller.id, c.executionCtx);
  requireRight(caller, need);
  // A name that cannot be recorded is refused here rather than after the change that it was to be recorded with.
  if (control) actorOf(c);
}
