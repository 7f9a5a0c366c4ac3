// Decides which requests have a trace, and which of those are exported.
import type { Log } from '../../logging/log.ts';
import type { RequestScope } from '../../request-scope.ts';
import { SpanExporter } from './exporter.ts';
import { type Answered, RequestTrace } from './request-trace.ts';
import type { TraceSettings } from './settings.ts';
import { readTraceparent } from './trace-context.ts';

/** Traces a second that callers may ask for in one isolate, and how many at once: each is paid for by the operator. */
const askedPerSecond = 10;
const askedAtOnce = 50;

export class Tracer {
  readonly #share: number;
  readonly #exporter: SpanExporter | null;
  #asked = askedAtOnce;
  #refilledAtMs = Date.now();

  /** @param settings null: no spans are made, and traces are only passed on */
  constructor(settings: TraceSettings | null, log: Log) {
    this.#share = settings?.share ?? 0;
    this.#exporter = settings === null ? null : new SpanExporter(settings, log);
  }

  /**
   * @param traceparent of the request; one that is invalid counts as none, except that the answer then tells of the new trace
   * @returns null, at no cost, for a request that brings no trace and is not sampled
   */
  begin(traceparent: string | undefined, tracestate: string | undefined): RequestTrace | null {
    if (traceparent === undefined) return this.#isDrawn() ? new RequestTrace(null, null, true) : null;
    const context = readTraceparent(traceparent);
    const sampled = context === null ? this.#isDrawn() : context.sampled && this.#isGranted();
    return new RequestTrace(context, tracestate ?? null, sampled);
  }

  /** Exports the spans of a sampled request behind its answer. */
  end(trace: RequestTrace, answered: Answered, scope: RequestScope): void {
    if (trace.sampled) this.#exporter?.add(trace.spans(answered), scope);
  }

  #isDrawn(): boolean {
    return this.#share > 0 && Math.random() < this.#share;
  }

  #isGranted(): boolean {
    if (this.#exporter === null) return false;
    const nowMs = Date.now();
    this.#asked = Math.min(askedAtOnce, this.#asked + ((nowMs - this.#refilledAtMs) / 1000) * askedPerSecond);
    this.#refilledAtMs = nowMs;
    if (this.#asked < 1) return false;
    this.#asked -= 1;
    return true;
  }
}
