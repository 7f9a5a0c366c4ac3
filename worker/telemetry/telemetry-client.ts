// The isolate's access to the Durable Object of a model. A Worker without the binding, as in benchmarks, has no telemetry.

import type { RecentLatency } from '../../registry/api/latency.ts';
import type { VersionTotals } from '../../registry/api/status.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Spend } from '../../registry/model-catalog.ts';
import { RecentReads } from '../../registry/recent-reads.ts';
import type { TelemetryLocation } from './location.ts';
import type { IsolateReport } from './report.ts';
import type { TelemetryObject } from './telemetry-object.ts';

type Namespace = Pick<DurableObjectNamespace<TelemetryObject>, 'getByName'>;

/** The platform allows a request some 1,000 operations: answers about all models tell of the first ones. */
export const mostObjectsAsked = 900;
/** How long the counts of a model are told again. */
const totalsAgeMs = 5_000;
/** Sets of models that are remembered: one for each kind of key that asks. */
const mostTotals = 16;

/** What all PoPs counted of a version. */
export interface MergedCounts extends VersionTotals {
  /** By the side of a rollout. */
  readonly latency: readonly RecentLatency[];
}

export class TelemetryClient {
  readonly #namespace: Namespace | undefined;
  readonly #options: { locationHint?: TelemetryLocation };
  readonly #totals = new RecentReads<ReadonlyMap<string, readonly MergedCounts[]>>({
    ...{ keepMs: totalsAgeMs, most: mostTotals, fromEnd: true },
  });

  /** @param location counts only for objects that do not exist yet */
  constructor(namespace: Namespace | undefined, location: TelemetryLocation | null) {
    this.#namespace = namespace;
    this.#options = location === null ? {} : { locationHint: location };
  }

  /** Delivers a report; resolves once it is stored. */
  async report(model: string, report: IsolateReport): Promise<void> {
    await this.#namespace?.getByName(model, this.#options).report(model, report);
  }

  /** Announces that a route was written: its propagation is measured from this moment. */
  async released(model: string, epoch: number): Promise<void> {
    await this.#namespace?.getByName(model, this.#options).released(epoch);
  }

  /**
   * The counts of each version of models, by model, a few seconds old at most.
   * @param spend told how many objects had to be asked
   * @throws {PopserveError} UNAVAILABLE when the binding is not configured
   */
  totals(models: readonly string[], spend: Spend): Promise<ReadonlyMap<string, readonly MergedCounts[]>> {
    return this.#totals.get(models.join(' '), async () => {
      spend(models.length);
      const entries = await Promise.all(models.map(async (model) => [model, await this.#totalsOf(model)] as const));
      return new Map(entries);
    });
  }

  async #totalsOf(model: string): Promise<readonly MergedCounts[]> {
    using status = await this.object(model).status();
    const recent = (status.latency?.recent ?? []).filter(({ place }) => place === 'global');
    return status.versions.map((each) => ({
      ...each,
      failuresByCode: { ...each.failuresByCode },
      latency: recent
        .filter(({ version }) => version === each.version)
        .map((own) => ({ ...own, outcomes: { ...own.outcomes } })),
    }));
  }

  /** @throws {PopserveError} UNAVAILABLE when the binding is not configured */
  object(model: string): DurableObjectStub<TelemetryObject> {
    if (this.#namespace) return this.#namespace.getByName(model, this.#options);
    throw new PopserveError('UNAVAILABLE', 'telemetry is off: the binding TELEMETRY is not configured');
  }
}
