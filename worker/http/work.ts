// The JSON of a request as work that its caller has an isolate do: asked for before it is read, charged once the status is known.
import type { Context } from 'hono';
import type { AppContext } from './app-context.ts';
import { holderOf } from './caller.ts';

/** Less costs no more than any request. */
const freeBytes = 65_536;
/** What a body counts for that is refused while it is read, mostly because it inflates beyond its limit: sixteen of them are free. */
const unreadBytes = freeBytes;
/** Manifests, checked value by value, cost as much as so many times their size of tensors. */
const controlTimes = 8;

/** Statuses that mean the work was done for nothing. */
const refusals: ReadonlySet<number> = new Set([400, 403, 413, 422]);

/**
 * Asked before a body of JSON is read.
 * @throws {PopserveError} RATE_LIMITED while the caller owes work; small bodies that tell their length and are not compressed always pass
 */
export function passUnreadJson(c: Context<AppContext>): void {
  const length = c.req.header('content-length');
  const isSmall = length !== undefined && Number(length) <= freeBytes && c.req.header('content-encoding') === undefined;
  if (!isSmall) pass(c, unreadBytes);
}

/** Asked before JSON that was read is looked at. @throws {PopserveError} RATE_LIMITED while the caller owes work */
export function passJson(c: Context<AppContext>, bytes: number): void {
  if (bytes > freeBytes) pass(c, bytes);
  else c.set('work', undefined);
}

/** The same for a call of the control plane. @throws {PopserveError} RATE_LIMITED */
export function passControlJson(c: Context<AppContext>, bytes: number): void {
  if (bytes > freeBytes) pass(c, bytes * controlTimes);
}

function pass(c: Context<AppContext>, bytes: number): void {
  const holder = holderOf(c);
  if (holder === null) return;
  c.get('isolate').security.workGate.pass(holder);
  c.set('work', { holder, bytes });
}

/** Called when the answer is there. */
export function chargeWork(c: Context<AppContext>): void {
  const work = c.get('work');
  if (work === undefined) return;
  c.get('isolate').security.workGate.charge(work.holder, work.bytes, refusals.has(c.res.status));
}
