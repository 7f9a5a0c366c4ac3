// Ends a rollout that passes one of its limits, by the reports of all PoPs. There is one guard per Durable Object, so one per
// model: reports race, the decision does not, and the registry's create-only log lets it win once.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { GuardFinding } from '../../registry/api/status.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Route } from '../../registry/route.ts';
import type { Log } from '../logging/log.ts';
import type { RequestScope } from '../request-scope.ts';
import { sinceEpochOf } from './kept-epochs.ts';
import { releasedAtMs } from './propagation.ts';
import type { GuardedRollout, KeptPart } from './report.ts';

type GuardRegistry = Pick<Registry, 'currentRoute' | 'appendRoute' | 'completeCopy'>;

/** A decision that has not ended by then was lost with the call that made it. */
const lostAfterMs = 30_000;

export class Guard {
  readonly #registry: GuardRegistry;
  readonly #sql: SqlStorage;
  readonly #parts: readonly KeptPart[];
  readonly #log: Log;
  readonly #scope: RequestScope;
  /** The newest route that this object knows; undefined if it has not looked yet. */
  #route: Route | null | undefined;
  #busySinceMs = 0;

  constructor(options: {
    registry: GuardRegistry;
    sql: SqlStorage;
    parts: readonly KeptPart[];
    log: Log;
    scope: RequestScope;
  }) {
    this.#registry = options.registry;
    this.#sql = options.sql;
    this.#parts = options.parts;
    this.#log = options.log;
    this.#scope = options.scope;
  }

  /** The newest route that was read; null if there is none, or none was read yet. */
  get route(): Route | null {
    return this.#route ?? null;
  }

  /**
   * Aborts the running rollout if it has passed a limit.
   * @param knownEpoch an epoch that is known to exist: the route log is read only if this epoch is newer than the last one read
   * @returns the epoch of the route that ended the rollout, null if none was written
   */
  async check(model: string, knownEpoch: number): Promise<number | null> {
    if (Date.now() - this.#busySinceMs < lostAfterMs) return null;
    this.#busySinceMs = Date.now();
    try {
      if (this.#route === undefined || (this.#route?.epoch ?? 0) < knownEpoch) {
        this.#route = await this.#registry.currentRoute(model);
      }
      const route = this.#route;
      if (!route) return null;
      const passed = findingsOf(route, this.#sql, this.#parts).find((finding) => finding.passed);
      if (!passed) return null;
      const action = { action: 'abort' as const, reason: `${passed.text}, limit ${passed.limit}` };
      // An operator who was faster wins: the next report reads the route again.
      this.#route = undefined;
      const change = await this.#registry.appendRoute(model, action, { actor: 'guard', ifMatchEpoch: route.epoch });
      this.#route = change.route;
      this.#log('guard-abort', { model, version: route.rollout?.version, ...action, epoch: change.route.epoch });
      if (change.copyPending) this.#scope.waitUntil(this.#completeCopy(model));
      return change.route.epoch;
    } catch (error) {
      if (!(error instanceof PopserveError && error.code === 'CONFLICT')) throw error;
      this.#log('guard-overtaken', { model, error: error.message });
      return null;
    } finally {
      this.#busySinceMs = 0;
    }
  }

  async #completeCopy(model: string): Promise<void> {
    const error = await this.#registry.completeCopy(model);
    if (error !== null) this.#log('route-copy-left', { model, error });
  }
}

/** Each limit of the running rollout with what was measured against it; empty without a rollout or limits. */
export function findingsOf(route: Route, sql: SqlStorage, parts: readonly KeptPart[]): GuardFinding[] {
  const { rollout, aliases } = route;
  if (!rollout?.limits || aliases.stable === undefined) return [];
  const { minRequests, ...limits } = rollout.limits;
  const sinceEpoch = sinceEpochOf(route);
  const guarded: GuardedRollout = {
    ...{ stable: aliases.stable, version: rollout.version },
    ...{ sinceEpoch, sinceMs: releasedAtMs(sql, sinceEpoch) },
  };
  const findings: GuardFinding[] = [];
  for (const [name, limit] of Object.entries(limits)) {
    for (const part of parts) {
      const measure = part.measures?.[name]?.(sql, guarded) ?? null;
      if (limit === undefined || measure === null) continue;
      const worst = Math.max(limit, measure.baseline ?? 0);
      findings.push({ name, limit, ...measure, passed: measure.samples >= minRequests && measure.value > worst });
    }
  }
  return findings;
}
