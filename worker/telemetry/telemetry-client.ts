// The isolate's access to the Durable Object of a model. A Worker without the binding, as in benchmarks, has no telemetry.
import { PopserveError } from '../../registry/errors.ts';
import type { TelemetryLocation } from './location.ts';
import type { IsolateReport } from './report.ts';
import type { TelemetryObject } from './telemetry-object.ts';

type Namespace = Pick<DurableObjectNamespace<TelemetryObject>, 'getByName'>;

export class TelemetryClient {
  readonly #namespace: Namespace | undefined;
  readonly #options: { locationHint?: TelemetryLocation };

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

  /** @throws {PopserveError} UNAVAILABLE when the binding is not configured */
  object(model: string): DurableObjectStub<TelemetryObject> {
    if (this.#namespace) return this.#namespace.getByName(model, this.#options);
    throw new PopserveError('UNAVAILABLE', 'telemetry is off: the binding TELEMETRY is not configured');
  }
}
