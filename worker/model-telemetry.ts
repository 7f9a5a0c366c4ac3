// The Durable Object of one model, named as the model: merges what the isolates of all PoPs report and keeps it in SQLite.
import { DurableObject } from 'cloudflare:workers';
import type { AcceptedBaseline, BaselineAction, DriftStatus } from '../registry/api/drift.ts';
import type { ShadowReport } from '../registry/api/shadow.ts';
import type { TelemetryStatus } from '../registry/api/status.ts';
import type { PopserveError } from '../registry/errors.ts';
import { smallest } from '../registry/extremes.ts';
import type { Route } from '../registry/route.ts';
import { readEnv } from './bindings.ts';
import { createRegistry } from './bound-registry.ts';
import type { Config } from './config.ts';
import { log } from './logging/log.ts';
import { applyParts } from './telemetry/apply-parts.ts';
import { readRecentCounts, readTotals } from './telemetry/counts-part.ts';
import { type PlaceHistory, readHistory } from './telemetry/drift/drift-history.ts';
import { readDrift } from './telemetry/drift/drift-status.ts';
import { DriftWatch } from './telemetry/drift/drift-watch.ts';
import { readFeedback } from './telemetry/feedback/feedback-status.ts';
import { readLatency } from './telemetry/latency/latency-status.ts';
import { keptParts, telemetryParts } from './telemetry/parts.ts';
import { readPops, readRelease, recordRelease, recordReport } from './telemetry/propagation.ts';
import type { IsolateReport } from './telemetry/report.ts';
import { findingsOf, Guard } from './telemetry/rollout-guard.ts';
import {
  countSample,
  deleteSample,
  pruneSample,
  readSamplePage,
  type SampleCounts,
  type SampleFilter,
  type SamplePage,
  type SamplePlace,
  sampleExpiresMs,
} from './telemetry/sample/sample-part.ts';
import { migrate } from './telemetry/schema/migrate.ts';
import { migrations } from './telemetry/schema/migrations.ts';
import { readShadows } from './telemetry/shadow-part.ts';
import { Outbox } from './telemetry/signal/outbox.ts';
import type { TelemetryObject } from './telemetry/telemetry-object.ts';
import { Upkeep } from './telemetry/upkeep.ts';

/** How long after a failure the alarm tries again. */
const repeatMs = 10_000;
/**
 * How long an object waits for code that knows its tables before its alarm tries again: without an alarm nothing would expire.
 */
const refusedMs = 600_000;

export class ModelTelemetry extends DurableObject<Env> implements TelemetryObject {
  /** Why this code leaves the object's tables alone; null: it may use them. */
  readonly #refusal: PopserveError | null;
  readonly #config: Config;
  readonly #outbox: Outbox;
  readonly #drift: DriftWatch;
  readonly #guard: Guard;
  readonly #upkeep: Upkeep;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const { sql } = state.storage;
    const schema = state.storage.transactionSync(() => migrate(sql, migrations, Date.now()));
    const { version, known, refusal } = schema;
    if (version > known) log('schema-newer', { schema: version, known, refused: refusal !== null });
    this.#refusal = refusal;
    const { config, bindings } = readEnv(env);
    this.#config = config;
    this.#outbox = new Outbox(sql, this.#config.webhook, log);
    this.#drift = new DriftWatch({
      sql,
      transact: (change) => state.storage.transactionSync(change),
      registry: createRegistry(bindings),
      outbox: this.#outbox,
      settings: this.#config.drift,
      log,
    });
    this.#guard = new Guard({ registry: createRegistry(bindings), sql, parts: keptParts, log, scope: state });
    const retentionMs = this.#config.routeRetentionSeconds * 1000;
    this.#upkeep = new Upkeep({ sql, parts: keptParts, retentionMs });
  }

  /** @throws {PopserveError} UNAVAILABLE when the tables were written by newer code that this code could not follow */
  get #sql(): SqlStorage {
    if (this.#refusal !== null) throw this.#refusal;
    return this.ctx.storage.sql;
  }

  async report(model: string, report: IsolateReport): Promise<void> {
    const atMs = Date.now();
    this.ctx.storage.transactionSync(() => {
      if (!recordReport(this.#sql, report, atMs)) return;
      const { keptAs, hear } = this.#upkeep;
      const context = { pop: report.pop, atMs, keptAs, hear };
      applyParts(telemetryParts, { ...report.parts }, { sql: this.#sql, model, context, log });
    });
    // Not awaited: the report is stored, whatever happens to the guard.
    this.ctx.waitUntil(this.#check(model, report.serving.epoch));
    const { drift, sample } = report.parts;
    if (drift !== undefined) await this.#wake(model, [this.#drift.nextMs(), this.#outbox.nextMs()]);
    if (sample !== undefined) await this.#wake(model, [sampleExpiresMs(this.#sql)]);
  }

  /** Judges what was counted and delivers pending events. Never throws: the platform gives up on an alarm that keeps failing. */
  override async alarm(): Promise<void> {
    const model = (await this.ctx.storage.get<string>('model')) ?? '';
    try {
      this.#pruneSample();
      await this.#drift.review(model);
      await this.#check(model, 0);
      await this.#outbox.deliverDue();
      await this.#wake(model, [this.#drift.nextMs(), this.#outbox.nextMs(), sampleExpiresMs(this.#sql)]);
    } catch (error) {
      log('alarm-failed', { model, error: String(error) });
      await this.ctx.storage.setAlarm(Date.now() + (this.#refusal === null ? repeatMs : refusedMs));
    }
  }

  async drift(filter: { version?: string; pop?: string }): Promise<DriftStatus> {
    const sql = this.#sql;
    const model = (await this.ctx.storage.get<string>('model')) ?? '';
    const minimumRows = await this.#drift.minimumRows(model);
    return readDrift(sql, this.#outbox, this.#config.drift, minimumRows, filter);
  }

  async driftHistory(
    model: string,
    asked: { version: string; place: string; feature?: string },
  ): Promise<PlaceHistory | null> {
    const sql = this.#sql;
    const layout = await this.#drift.knownLayout(model, asked.version);
    return layout === null ? null : readHistory(sql, layout, asked);
  }

  async changeBaseline(
    model: string,
    change: BaselineAction & { actor: string },
  ): Promise<{ accepted: AcceptedBaseline | null } | { refusal: string }> {
    if (this.#refusal !== null) throw this.#refusal;
    const changed = this.ctx.storage.transactionSync(() => this.#drift.changeBaseline(model, change, Date.now()));
    await this.#wake(model, [this.#drift.nextMs(), this.#outbox.nextMs()]);
    return changed;
  }

  async overview(): Promise<{ status: TelemetryStatus; drift: DriftStatus }> {
    return { status: await this.status(), drift: await this.drift({}) };
  }

  async recent(): Promise<ReturnType<typeof readRecentCounts>> {
    return readRecentCounts(this.#sql, Date.now());
  }

  async openSample(filter: SampleFilter): Promise<{ counts: SampleCounts; first: SamplePage }> {
    this.#pruneSample();
    return { counts: countSample(this.#sql, filter), first: readSamplePage(this.#sql, filter, null) };
  }

  async samplePage(filter: SampleFilter, after: SamplePlace): Promise<SamplePage> {
    return readSamplePage(this.#sql, filter, after);
  }

  async deleteSample(): Promise<number> {
    return this.ctx.storage.transactionSync(() => deleteSample(this.#sql, Date.now()));
  }

  #pruneSample(): void {
    this.ctx.storage.transactionSync(() => pruneSample(this.#sql, Date.now()));
  }

  /** Sets the alarm for what is due next. The model is kept because an object does not know its name when its alarm calls it. */
  async #wake(model: string, times: readonly (number | null)[]): Promise<void> {
    const due = times.filter((ms) => ms !== null);
    if (due.length === 0) return;
    const nextMs = smallest(due);
    const setMs = await this.ctx.storage.getAlarm();
    if (setMs !== null && setMs <= nextMs) return;
    await this.ctx.storage.put('model', model);
    await this.ctx.storage.setAlarm(nextMs);
  }

  async released(epoch: number): Promise<void> {
    recordRelease(this.#sql, epoch, Date.now());
  }

  async shadow(): Promise<ShadowReport[]> {
    return readShadows(this.#sql);
  }

  async #check(model: string, epoch: number): Promise<void> {
    try {
      const ended = await this.#guard.check(model, epoch);
      const nowMs = Date.now();
      if (ended !== null) recordRelease(this.#sql, ended, nowMs);
      const { route } = this.#guard;
      if (route !== null) this.ctx.storage.transactionSync(() => this.#upkeep.run(route, nowMs));
    } catch (error) {
      log('guard-failed', { model, error: String(error) });
    }
  }

  async status(route: Route | null = null): Promise<TelemetryStatus> {
    return {
      guard: route === null ? [] : findingsOf(route, this.#sql, keptParts),
      release: readRelease(this.#sql),
      pops: readPops(this.#sql, Date.now()),
      versions: readTotals(this.#sql),
      latency: readLatency(this.#sql, Date.now()),
      feedback: readFeedback(this.#sql, Date.now()),
    };
  }
}
