// The switchover: a route is written as the next epoch of its model, then its copy for the points of presence.
import { canonicalJson } from './canonical-json.ts';
import { requireContract } from './contract/require-contract.ts';
import { PopserveError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import { ManifestReader } from './manifest-reader.ts';
import type { ManifestStore } from './manifest-store.ts';
import { renewedRoutes } from './renew-route.ts';
import { type Route, routedVersions } from './route.ts';
import { isBreaking, type RouteAction, type RoutingAction } from './route-action.ts';
import { putNewestCopy } from './route-copies.ts';
import type { RouteCopyStore } from './route-copy-store.ts';
import type { RouteLog } from './route-log.ts';
import { nextRoute } from './transition.ts';
import type { TrialStore } from './trial-store.ts';
import { type Pause, writePatiently } from './write-rate.ts';

export interface RouteChange {
  route: Route;
  /** False: the action changed nothing, and `route` is the one that stood already. */
  created: boolean;
  /** The route stands, but its copy in KV could not be written; the caller sees to it that it is, and else the scheduled repair does. */
  copyPending: boolean;
  /** Why, for the log. */
  copyError?: string;
  /** A manifest that a deletion may have taken away meanwhile could not be put back; the scheduled repair does. For the log. */
  manifestError?: string;
}

interface Stores {
  trials: TrialStore;
  manifests: ManifestStore;
  routes: RouteLog;
  copies: RouteCopyStore;
}

/**
 * Writes the route that follows from the action as the next epoch, then its copy. Each manifest is read once.
 * @param by.ifMatchEpoch the epoch that the operator has seen; 0 for none
 * @throws {PopserveError} NOT_FOUND for an unknown version; CONFLICT when the action does not fit the newest route or the version,
 *   when it hurts callers and does not say so, when that route is not the epoch that the operator has seen, or when another writer
 *   was first
 */
export async function appendRoute(
  stores: Stores,
  model: string,
  action: RouteAction,
  by: { actor: string; at: Date; ifMatchEpoch?: number },
  pause: Pause,
): Promise<RouteChange> {
  const current = await stores.routes.newest(model);
  const epoch = current?.epoch ?? 0;
  if (by.ifMatchEpoch !== undefined && by.ifMatchEpoch !== epoch) {
    throw new PopserveError('CONFLICT', `model '${model}': expected epoch ${by.ifMatchEpoch}, it is at ${epoch}`);
  }
  const manifests = new ManifestReader(stores.manifests, model);
  if (action.action === 'renew') return renewRoute(stores, current, action, { ...by, model }, manifests);
  const wanted = current === null ? action : await passRetired(current, action, manifests);
  if ('version' in wanted && wanted.version != null) {
    const named = await manifests.get(wanted.version);
    requireMeasurable(wanted, named);
    if (wanted.action === 'shadow') await requireComparable(named, current?.aliases.stable, manifests);
  }
  const decided = nextRoute(current, wanted, { model, actor: by.actor, at: by.at });
  if (decided === current) return { route: decided, created: false, ...(await putCopy(model, stores, manifests)) };

  const before = new Set(current === null ? [] : routedVersions(current));
  const added = routedVersions(decided).filter((version) => !before.has(version));
  const kept = await Promise.all(added.map((version) => manifests.get(version)));
  const route = await requireContract(current, decided, isBreaking(wanted), manifests);
  if (!(await append(route, stores.routes))) throw await lostRace(route, stores.routes);
  const manifestError = await putBack(kept, stores.manifests, pause);
  const copy = await putCopy(model, stores, manifests);
  return { route, created: true, ...copy, ...(manifestError === null ? {} : { manifestError }) };
}

async function renewRoute(
  stores: Stores,
  current: Route | null,
  { aboveEpoch, reason }: Extract<RouteAction, { action: 'renew' }>,
  by: { model: string; actor: string; at: Date },
  manifests: ManifestReader,
): Promise<RouteChange> {
  const routes = renewedRoutes(current, aboveEpoch, { ...by, reason });
  for (const route of routes) if (!(await append(route, stores.routes))) throw await lostRace(route, stores.routes);
  const newest = routes.at(-1) ?? current;
  if (newest === null) throw new TypeError('a model without a route is not renewed');
  return { route: newest, created: routes.length > 0, ...(await putCopy(by.model, stores, manifests)) };
}

/** A rollback without a version passes over the versions that were retired since. */
async function passRetired(current: Route, action: RoutingAction, manifests: ManifestReader): Promise<RoutingAction> {
  if (action.action !== 'rollback' || action.version !== undefined) return action;
  for (const version of current.previous) {
    if ((await manifests.find(version)) !== null) return { ...action, version };
  }
  return action;
}

async function append(route: Route, routes: RouteLog): Promise<boolean> {
  try {
    return await routes.append(route);
  } catch (error) {
    // R2 refuses writers of one key in quick succession, and an answer can get lost: the log tells what was written.
    const standing = await routes.get(route.model, route.epoch);
    if (standing === null) throw error;
    return canonicalJson(standing) === canonicalJson(route);
  }
}

/**
 * A deletion may have taken a manifest away between the look at it and the new route.
 * @returns why one may be missing now, else null: the route stands, and its copy is written, whatever becomes of this
 */
async function putBack(kept: readonly Manifest[], manifests: ManifestStore, pause: Pause): Promise<string | null> {
  const created = kept.map((manifest) => writePatiently(pause, () => manifests.create(manifest)));
  const failed = (await Promise.allSettled(created)).find(({ status }) => status === 'rejected');
  return failed?.status === 'rejected' ? String(failed.reason) : null;
}

/** A release stands once its route does: KV refuses more than one write a second to a key, and may be away. */
async function putCopy(
  model: string,
  stores: Stores,
  manifests: ManifestReader,
): Promise<Pick<RouteChange, 'copyPending' | 'copyError'>> {
  try {
    await putNewestCopy(model, stores, manifests);
    return { copyPending: false };
  } catch (error) {
    return { copyPending: true, copyError: String(error) };
  }
}

async function lostRace({ model, epoch }: Route, routes: RouteLog): Promise<PopserveError> {
  const winner = await routes.get(model, epoch);
  const first = winner === null ? '' : ` of ${winner.audit.actor} (${winner.audit.action})`;
  return new PopserveError(
    'CONFLICT',
    `model '${model}': lost to epoch ${epoch}${first}, which was written first; look at it and repeat`,
  );
}

/** Two answers of a model that draws random numbers differ, whatever the candidate is like. */
async function requireComparable(
  candidate: Manifest,
  stable: string | undefined,
  manifests: ManifestReader,
): Promise<void> {
  const served = stable === undefined ? null : await manifests.find(stable);
  const drawing = [candidate, served].find((manifest) => manifest?.random !== undefined);
  if (drawing == null) return;
  throw new PopserveError(
    'CONFLICT',
    `model '${drawing.model}': version '${drawing.version}' draws random numbers, so a shadow would compare nothing; try the new version with a canary`,
  );
}

/** A limit that nothing can be measured against would guard nothing. */
function requireMeasurable(action: RoutingAction, { model, version, baseline }: Manifest): void {
  if (action.action !== 'canary' || action.limits?.drift === undefined || baseline?.inputs.length) return;
  throw new PopserveError(
    'CONFLICT',
    `model '${model}': a limit on drift needs a baseline of the inputs, version '${version}' has none; publish it with test data, or leave the limit out`,
  );
}
