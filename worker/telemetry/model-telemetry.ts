// The Durable Object of one model, named as the model: merges what the isolates of all PoPs report and keeps it in SQLite.
import { DurableObject } from 'cloudflare:workers';
import { readTotals } from './counts-part.ts';
import { telemetryParts } from './parts.ts';
import { createPropagationTables, readPops, readRelease, recordRelease, recordReport } from './propagation.ts';
import type { IsolateReport } from './report.ts';
import type { TelemetryStatus } from './status.ts';

export class ModelTelemetry extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    state.storage.transactionSync(() => {
      createPropagationTables(this.#sql);
      for (const part of telemetryParts) part.createTables(this.#sql);
    });
  }

  /** Takes one report of an isolate; one that came before changes nothing. */
  async report(_model: string, report: IsolateReport): Promise<void> {
    const atMs = Date.now();
    this.ctx.storage.transactionSync(() => {
      if (!recordReport(this.#sql, report, atMs)) return;
      for (const { name, apply } of telemetryParts) {
        const data = report.parts[name];
        if (data !== undefined) apply(this.#sql, data, { pop: report.pop, atMs });
      }
    });
  }

  /** A route was written: from now on its way to the PoPs is measured. */
  async released(epoch: number): Promise<void> {
    recordRelease(this.#sql, epoch, Date.now());
  }

  async status(): Promise<TelemetryStatus> {
    return { release: readRelease(this.#sql), pops: readPops(this.#sql, Date.now()), versions: readTotals(this.#sql) };
  }
}
