// A release: a new route is written, learnt here, announced to telemetry and noted for the audit, in one place for every caller.
import type { RouteChange } from '../../registry/append-route.ts';
import type { Registry } from '../../registry/registry.ts';
import type { RouteAction } from '../../registry/route-action.ts';
import { log } from '../logging/log.ts';
import type { RequestScope } from '../request-scope.ts';

/** The actor of a change, and the place where it is noted. */
export interface Operator {
  readonly actor: string;
  /** Keeps what was changed for the audit: the last note of a call counts. Secrets do not belong in the details. */
  note(change: string, details: Readonly<Record<string, unknown>>): void;
}

export interface Release {
  readonly model: string;
  readonly action: RouteAction;
  /** The epoch that the new route must follow; 0: the model has no route. Undefined: whatever is the newest. */
  readonly ifMatchEpoch?: number | undefined;
}

/** The parts of an isolate that hear of a release. */
export interface ReleasePlaces {
  readonly registry: Pick<Registry, 'appendRoute' | 'completeCopy'>;
  readonly routes: { learn(model: string, scope: RequestScope): void };
  readonly telemetry: { released(model: string, epoch: number): Promise<void> };
}

/**
 * Writes the route, which is the release. All that follows is behind it: this isolate takes over at once, the way to the other
 * PoPs is measured from here, and the audit has the change.
 * @throws PopserveError CONFLICT, NOT_FOUND; then nothing has changed
 */
export async function release(
  { registry, routes, telemetry }: ReleasePlaces,
  { model, action, ifMatchEpoch }: Release,
  operator: Operator,
  scope: RequestScope,
): Promise<RouteChange> {
  const by = { actor: operator.actor, ...(ifMatchEpoch === undefined ? {} : { ifMatchEpoch }) };
  const result = await registry.appendRoute(model, action, by);
  const { route, created, copyPending, copyError, manifestError } = result;
  const { epoch } = route;
  routes.learn(model, scope);
  if (created) scope.waitUntil(telemetry.released(model, epoch).catch(logUnannounced));
  if (copyError !== undefined) log('route-copy-pending', { model, epoch, error: copyError });
  if (manifestError !== undefined) log('manifest-not-put-back', { model, epoch, error: manifestError });
  if (copyPending) scope.waitUntil(completeCopy(registry, model));
  if (created || copyPending) operator.note('route', { model, epoch, created, action, copyPending });
  return result;
}

async function completeCopy(registry: ReleasePlaces['registry'], model: string): Promise<void> {
  const error = await registry.completeCopy(model);
  if (error !== null) log('route-copy-left', { model, error });
}

/** The release stands all the same; its way is measured from the first PoP's report then. */
function logUnannounced(error: unknown): void {
  log('report-failed', { error: String(error) });
}
