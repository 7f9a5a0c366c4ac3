// The trace of one request: what is known of it while it is served, and the spans that come of it.
import type { LoadTimes } from '../../runtime/load-times.ts';
import type { Attributes, Span } from './span.ts';
import { newSpanId, newTraceId, type TraceContext, writeTraceparent } from './trace-context.ts';

/** When the steps of one inference ended, by `performance.now()`; 0: not reached. */
export interface StepTimes {
  readonly startedAt: number;
  readonly checkedAt: number;
  readonly loadedAt: number;
  readonly ranAt: number;
  readonly endedAt: number;
  /** What the load took, if the inference waited for it. */
  readonly load: LoadTimes | null;
}

/** The version that a request was resolved to. */
interface Served {
  readonly manifest: {
    readonly model: string;
    readonly version: string;
    readonly artifacts: { readonly model: { readonly digest: string } };
  };
  readonly epoch: number;
  readonly routed: boolean;
}

/** What is known of a request when its answer is there. */
export interface Answered {
  readonly method: string;
  readonly url: string;
  /** The path as it is mounted, `/v2/models/{model}/infer`; null where nothing is. */
  readonly route: string | null;
  readonly status: number;
  readonly pop: string;
}

/** @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/ (`http.request.method`) */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);
const mostStateCharacters = 512;

export class RequestTrace {
  readonly traceId: string;
  readonly spanId = newSpanId();
  /** Whether its spans are exported. */
  readonly sampled: boolean;
  readonly #parentId: string | null;
  readonly #state: string | null;
  /** Milliseconds since 1970 of `performance.now()` 0. */
  readonly #originMs = Date.now() - performance.now();
  readonly #startedAt = performance.now();
  #routed: { from: number; to: number } | null = null;
  #served: Served | null = null;
  #steps: StepTimes | null = null;

  constructor(context: TraceContext | null, state: string | null, sampled: boolean) {
    this.traceId = context?.traceId ?? newTraceId();
    this.#parentId = context?.parentId ?? null;
    this.#state = context !== null && state !== null && state.length <= mostStateCharacters ? state : null;
    this.sampled = sampled;
  }

  get traceparent(): string {
    return writeTraceparent(this.traceId, this.spanId, this.sampled);
  }

  /** Notes the version that the request was resolved to, and since when it was looked for. */
  route(served: Served, from: number): void {
    this.#routed ??= { from, to: performance.now() };
    this.#served = served;
  }

  /** Notes where the times of the inference will stand. */
  watch(steps: StepTimes): void {
    this.#steps = steps;
  }

  /** The span of the request first, then those of its steps. */
  spans(answered: Answered): Span[] {
    const { method, url, route, status, pop } = answered;
    const { pathname, protocol, hostname, port } = new URL(url);
    const known = knownMethods.has(method);
    const attributes: Attributes = {
      'http.request.method': known ? method : '_OTHER',
      ...(known ? {} : { 'http.request.method_original': method.slice(0, 32) }),
      ...{ 'url.scheme': protocol.slice(0, -1), 'url.path': pathname.slice(0, 300), 'server.address': hostname },
      ...(port === '' ? {} : { 'server.port': Number(port) }),
      ...(route === null ? {} : { 'http.route': route }),
      'http.response.status_code': status,
      ...(status >= 500 ? { 'error.type': String(status) } : {}),
      ...{ 'popserve.pop': pop, ...this.#modelAttributes() },
    };
    const request: Span = {
      ...this.#span(
        `${known ? method : 'HTTP'}${route === null ? '' : ` ${route}`}`,
        this.#startedAt,
        performance.now(),
      ),
      ...{ spanId: this.spanId, parentId: this.#parentId, kind: 'server', state: this.#state },
      ...{ attributes: { ...attributes, ...frozen(this.#startedAt, performance.now()) }, failed: status >= 500 },
    };
    return [request, ...this.#stepSpans()];
  }

  #stepSpans(): Span[] {
    const spans: Span[] = [];
    const add = (name: string, from: number, to: number, attributes: Attributes = {}) => {
      if (to > 0) spans.push({ ...this.#span(name, from, to), attributes: { ...attributes, ...frozen(from, to) } });
    };
    if (this.#routed !== null) add('route', this.#routed.from, this.#routed.to, this.#modelAttributes());
    if (this.#steps === null) return spans;
    const { startedAt, checkedAt, loadedAt, ranAt, endedAt, load } = this.#steps;
    add('decode', startedAt, checkedAt);
    if (load !== null)
      add('load', checkedAt, loadedAt, { 'popserve.load.from': load.from, 'popserve.load.fetch_ms': load.fetchMs });
    add('run', loadedAt, ranAt, this.#modelAttributes());
    add('encode', ranAt, endedAt);
    return spans;
  }

  #span(name: string, from: number, to: number): Omit<Span, 'attributes'> {
    return {
      ...{ traceId: this.traceId, spanId: newSpanId(), parentId: this.spanId, state: null, name, kind: 'internal' },
      ...{ startMs: this.#originMs + from, endMs: this.#originMs + Math.max(from, to), failed: false },
    };
  }

  #modelAttributes(): Attributes {
    if (this.#served === null) return {};
    const { manifest, epoch, routed } = this.#served;
    return {
      ...{ 'popserve.model.name': manifest.model, 'popserve.model.version': manifest.version },
      ...{ 'popserve.model.digest': manifest.artifacts.model.digest, 'popserve.model.epoch': epoch },
      'popserve.model.routed': routed,
    };
  }
}

/** Clocks stand still in production where nothing waits for I/O: a duration of 0 was not measured, and the span says so. */
function frozen(from: number, to: number): Attributes {
  return to > from ? {} : { 'popserve.duration.measured': false };
}
