// Whether the server, or a version of a model, is ready to answer.
import { PopserveError } from '../../registry/errors.ts';
import type { Isolate } from '../isolate.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Selector } from '../routing/route-table.ts';
import { warmVersion } from '../runtime/engines.ts';

/** Health checks are open to everybody and come often: a good result holds this long, so that they cost storage little. */
const readyForMs = 5_000;
const readySince = new WeakMap<Isolate, number>();

/** The runtime runs and the registry answers. @throws PopserveError UNAVAILABLE with the reason */
export async function requireReady(isolate: Isolate): Promise<void> {
  if (isolate.heap.live && Date.now() - (readySince.get(isolate) ?? 0) < readyForMs) return;
  await Promise.all([
    isolate.heap.current().catch(notReady('the runtime does not start')),
    isolate.registry.modelNames().catch(notReady('the registry cannot be read')),
  ]);
  readySince.set(isolate, Date.now());
}

/** The reason is for everybody; the error behind it, which may name keys of storage, is for the log. */
function notReady(reason: string): (cause: unknown) => never {
  return (cause) => {
    throw new PopserveError('UNAVAILABLE', `not ready: ${reason}`, { retryAfterSeconds: 5, cause });
  };
}

/** Loads and warms the version if need be. @throws PopserveError NOT_FOUND, UNAVAILABLE with the reason */
export async function requireModelReady(isolate: Isolate, selector: Selector, scope: RequestScope): Promise<void> {
  const { manifest } = await isolate.routes.resolve(selector, scope);
  await warmVersion(isolate, manifest, scope);
}
