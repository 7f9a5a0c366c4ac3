// The history of a model's routes, as a retirement needs it: every route, or an error. Lists of it are RouteLog.page.
import { PopserveError } from './errors.ts';
import { type Route, routedVersions } from './route.ts';
import type { RouteLog } from './route-log.ts';

interface Page {
  readonly routes: Route[];
  readonly next: number | null;
}

/**
 * Reads one page of the history. Epochs have no gaps, so the routes of a page are read by their keys.
 * @throws {PopserveError} INTERNAL when an epoch is missing in the log
 */
async function readPage(log: RouteLog, newest: Route, before: number, limit: number): Promise<Page> {
  const first = Math.min(before - 1, newest.epoch);
  const last = Math.max(1, first - limit + 1);
  const epochs = Array.from({ length: Math.max(0, first - last + 1) }, (_, index) => first - index);
  const routes = await Promise.all(epochs.map((epoch) => readEpoch(log, newest, epoch)));
  return { routes, next: last > 1 && routes.length > 0 ? last : null };
}

/** At most this many routes are read at once. */
const walkedAtOnce = 50;

/**
 * The newest route that names a version and was in force at some time after `sinceMs`: a rollback to it is still possible.
 * @returns the route and when another took its place (null while it is in force); null if there is no such route
 * @throws {PopserveError} INTERNAL when an epoch is missing in the log
 */
export async function lastNamed(
  log: RouteLog,
  newest: Route,
  version: string,
  sinceMs: number,
): Promise<{ route: Route; untilMs: number | null } | null> {
  let before: number | null = newest.epoch + 1;
  let untilMs: number | null = null;
  while (before !== null) {
    const page: Page = await readPage(log, newest, before, walkedAtOnce);
    for (const route of page.routes) {
      if (untilMs !== null && untilMs <= sinceMs) return null;
      if (routedVersions(route).includes(version)) return { route, untilMs };
      untilMs = Date.parse(route.audit.at);
    }
    before = page.next;
  }
  return null;
}

async function readEpoch(log: RouteLog, newest: Route, epoch: number): Promise<Route> {
  if (epoch === newest.epoch) return newest;
  const route = await log.get(newest.model, epoch);
  if (route === null) {
    throw new PopserveError('INTERNAL', `model '${newest.model}': epoch ${epoch} is missing in the route log`);
  }
  return route;
}
