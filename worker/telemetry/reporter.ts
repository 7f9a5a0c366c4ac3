// Sends what the isolate collected to the Durable Object of the model: in batches, after requests are answered. If the object
// cannot be reached, its figures are late and nothing is lost: the report is kept and sent again with the same number, and what
// is collected meanwhile adds up in its sources, which do not grow with the number of requests.
import type { Serving } from '../../registry/api/status.ts';
import type { Log } from '../logging/log.ts';
import type { RequestScope } from '../request-scope.ts';
import type { IsolateReport, PartName, Parts, ReportSources } from './report.ts';

/** Delivers a report; resolves once it is stored durably. */
export type SendReport = (model: string, report: IsolateReport) => Promise<void>;

interface Outbox {
  sequence: number;
  /** The report that was sent and not acknowledged: the next flush sends it again first, unchanged. */
  unacknowledged: IsolateReport | null;
  /** The flush under way, if there is one. */
  flush: symbol | null;
  startedAtMs: number;
  /** The state that the last flush tried to report, whether or not it succeeded. */
  tried: Serving | null;
  /** The state that was acknowledged last; `reportedAtMs` is when. */
  reported: Serving | null;
  reportedAtMs: number;
}

/** A flush that has not ended by then belonged to a request that died. */
const lostAfterMs = 30_000;
/** While there are requests the isolate reports at least this often, so that its PoP is known to be there. */
const heartbeatMs = 300_000;

export class Reporter {
  readonly #sources: Partial<ReportSources>;
  readonly #send: SendReport;
  readonly #flushMs: number;
  readonly #log: Log;
  readonly #isolate = crypto.randomUUID();
  readonly #outboxes = new Map<string, Outbox>();

  constructor(options: { sources: Partial<ReportSources>; send: SendReport; flushSeconds: number; log: Log }) {
    this.#sources = options.sources;
    this.#send = options.send;
    this.#flushMs = options.flushSeconds * 1000;
    this.#log = options.log;
  }

  /**
   * Flushes behind the request if the interval is over, or at once if the isolate now serves something else.
   * @param serving what this isolate serves of the model now
   */
  flushBehind(model: string, pop: string, serving: Serving, scope: RequestScope): void {
    const outbox = this.#outboxOf(model);
    const sinceMs = Date.now() - outbox.startedAtMs;
    if (outbox.flush !== null && sinceMs < lostAfterMs) return;
    // Compared with what was tried, not with what was acknowledged: else every request would call an object that is away.
    if (sinceMs < this.#flushMs && sameServing(outbox.tried, serving)) return;
    const flush = Symbol(model);
    outbox.flush = flush;
    outbox.tried = serving;
    outbox.startedAtMs = Date.now();
    scope.waitUntil(
      this.#flush(outbox, flush, { model, pop, serving })
        .catch((error: unknown) => this.#log('report-failed', { model, error: String(error) }))
        .finally(() => {
          if (outbox.flush === flush) outbox.flush = null;
        }),
    );
  }

  async #flush(
    outbox: Outbox,
    flush: symbol,
    { model, pop, serving }: { model: string; pop: string; serving: Serving },
  ): Promise<void> {
    if (outbox.unacknowledged) await this.#deliver(model, outbox.unacknowledged, outbox);
    // This flush took so long that it was considered lost and another one has begun: that one goes on.
    if (outbox.flush !== flush) return;
    const parts = this.#collect(model);
    const silentMs = Date.now() - outbox.reportedAtMs;
    if (Object.keys(parts).length === 0 && sameServing(outbox.reported, serving) && silentMs < heartbeatMs) return;
    const report = { isolate: this.#isolate, sequence: ++outbox.sequence, pop, serving, parts };
    outbox.unacknowledged = report;
    await this.#deliver(model, report, outbox);
  }

  #collect(model: string): Partial<Parts> {
    const parts: Partial<Parts> = {};
    const take = <Name extends PartName>(name: Name) => {
      const data = this.#sources[name]?.(model);
      if (data !== undefined) parts[name] = data;
    };
    for (const name of Object.keys(this.#sources) as PartName[]) {
      try {
        take(name);
      } catch (error) {
        // The other parts have left their sources already, so they are sent without this one.
        this.#log('part-not-collected', { model, part: name, error: String(error) });
      }
    }
    return parts;
  }

  async #deliver(model: string, report: IsolateReport, outbox: Outbox): Promise<void> {
    await this.#send(model, report);
    if (outbox.unacknowledged === report) outbox.unacknowledged = null;
    outbox.reported = report.serving;
    outbox.reportedAtMs = Date.now();
  }

  #outboxOf(model: string): Outbox {
    let outbox = this.#outboxes.get(model);
    if (outbox === undefined) {
      outbox = {
        sequence: 0,
        unacknowledged: null,
        flush: null,
        startedAtMs: 0,
        tried: null,
        reported: null,
        reportedAtMs: 0,
      };
      this.#outboxes.set(model, outbox);
    }
    return outbox;
  }
}

function sameServing(reported: Serving | null, serving: Serving): boolean {
  if (reported === serving) return true;
  return (
    reported?.epoch === serving.epoch &&
    reported.held?.epoch === serving.held?.epoch &&
    reported.ahead?.logEpoch === serving.ahead?.logEpoch
  );
}
