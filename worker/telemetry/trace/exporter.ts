// Sends spans to a collector as OTLP/JSON over HTTP: in batches, behind the requests, and never in their way. What the collector does
// not take is sent once more with the next batch or dropped; memory stays bounded either way.
// @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
import type { Log } from '../../logging/log.ts';
import type { RequestScope } from '../../request-scope.ts';
import type { TraceSettings } from './settings.ts';
import { otlpOf, type Span } from './span.ts';

/** How long spans of other requests are waited for. The platform lets work behind an answer go on for 30 s. */
const batchMs = 1000;
const timeoutMs = 10_000;
const longestMs = 15_000;
/** A batch that has not ended by then belonged to a request that died. */
const lostAfterMs = 30_000;
/** A span is about half a kilobyte: a collector that is away costs an isolate at most this many. */
const mostWaiting = 1024;
/** A batch is sent without waiting from so many spans on. */
const fullBatch = 256;

/** The statuses at which the specification asks to try again. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class SpanExporter {
  readonly #settings: Pick<TraceSettings, 'url' | 'headers'>;
  readonly #log: Log;
  readonly #instance = crypto.randomUUID();
  #waiting: Span[] = [];
  #dropped = 0;
  #batch: symbol | null = null;
  #batchAtMs = 0;
  /** Resolves when the batch is full. */
  #full = Promise.withResolvers<void>();

  constructor(settings: Pick<TraceSettings, 'url' | 'headers'>, log: Log) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Takes spans, and begins a batch behind the request if none is waiting. */
  add(spans: readonly Span[], scope: RequestScope): void {
    if (this.#waiting.length + spans.length > mostWaiting) this.#dropped += spans.length;
    else this.#waiting = this.#waiting.concat(spans);
    if (this.#waiting.length >= fullBatch) this.#full.resolve();
    const nowMs = Date.now();
    if (this.#batch !== null && nowMs - this.#batchAtMs < lostAfterMs) return;
    const batch = Symbol('batch');
    this.#batch = batch;
    this.#batchAtMs = nowMs;
    scope.waitUntil(
      this.#sendBatches(nowMs)
        .catch((error: unknown) => this.#log('traces-not-exported', { error: String(error) }))
        .finally(() => {
          if (this.#batch === batch) this.#batch = null;
        }),
    );
  }

  /** Goes on while spans come and the collector takes them, as long as work behind one request may. */
  async #sendBatches(startedAtMs: number): Promise<void> {
    while (this.#waiting.length > 0 && Date.now() - startedAtMs < longestMs) {
      if (!(await this.#sendBatch())) return;
    }
  }

  /** @returns whether the collector took it */
  async #sendBatch(): Promise<boolean> {
    this.#full = Promise.withResolvers<void>();
    await Promise.race([new Promise((resolve) => setTimeout(resolve, batchMs)), this.#full.promise]);
    const spans = this.#waiting;
    this.#waiting = [];
    if (this.#dropped > 0) this.#log('spans-dropped', { spans: this.#dropped });
    this.#dropped = 0;
    const refusal = await this.#post(spans);
    if (refusal === null) return true;
    const { error, again } = refusal;
    const kept = again && this.#waiting.length + spans.length <= mostWaiting;
    if (kept) this.#waiting = [...spans, ...this.#waiting];
    this.#log('traces-not-exported', { spans: spans.length, error, sentAgain: kept });
    return false;
  }

  /** @returns null if the collector took the spans; `again` if it may take them later */
  async #post(spans: readonly Span[]): Promise<{ error: string; again: boolean } | null> {
    try {
      const response = await fetch(this.#settings.url, {
        method: 'POST',
        headers: { 'user-agent': 'popserve', ...this.#settings.headers, 'content-type': 'application/json' },
        body: JSON.stringify(otlpOf(spans, this.#instance)),
        // A redirect would send the spans, and the headers that authenticate, to another receiver.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.ok) return partialOf(await response.text());
      await response.body?.cancel();
      return { error: `the collector answered ${response.status}`, again: passing.has(response.status) };
    } catch (error) {
      return { error: String(error), again: true };
    }
  }
}

/** A collector may take some spans only, and says so with status 200: they must not be sent again. */
function partialOf(text: string): { error: string; again: boolean } | null {
  const found = /"rejectedSpans"\s*:\s*"?([1-9]\d*)/.exec(text.slice(0, 10_000));
  return found === null ? null : { error: `the collector rejected ${found[1]} spans`, again: false };
}
