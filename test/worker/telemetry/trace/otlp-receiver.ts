// A collector as strict as the specification: it takes what OTLP/HTTP with JSON allows and nothing else, and remembers why it refused.
// @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
// @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { close, listen } from '../../../harness/http-server.ts';

const traceId = z.string().regex(/^(?!0{32})[0-9a-f]{32}$/);
const spanId = z.string().regex(/^(?!0{16})[0-9a-f]{16}$/);
/** A fixed64 is a text of digits. */
const nanoseconds = z.string().regex(/^\d{19}$/);

const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ doubleValue: z.number() }),
]);

const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value }))
  .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, 'expected each key once');

const span = z
  .strictObject({
    ...{ traceId, spanId, parentSpanId: spanId.optional(), traceState: z.string().optional() },
    flags: z.int().min(0).max(0x3ff),
    name: z.string().min(1),
    kind: z.int().min(1).max(5),
    ...{ startTimeUnixNano: nanoseconds, endTimeUnixNano: nanoseconds, attributes },
    status: z.strictObject({ code: z.int().min(0).max(2), message: z.string().optional() }).optional(),
  })
  .refine(
    ({ startTimeUnixNano: start, endTimeUnixNano: end }) => BigInt(start) <= BigInt(end),
    'it ends before it starts',
  )
  .refine(({ spanId: own, parentSpanId }) => own !== parentSpanId, 'it is its own parent');

const exportRequest = z.strictObject({
  resourceSpans: z
    .array(
      z.strictObject({
        resource: z
          .strictObject({ attributes })
          .refine(({ attributes: all }) => all.some(({ key }) => key === 'service.name')),
        scopeSpans: z.array(
          z.strictObject({
            scope: z.strictObject({ name: z.string().min(1), version: z.string() }),
            spans: z.array(span).min(1),
            schemaUrl: z.url(),
          }),
        ),
        schemaUrl: z.url(),
      }),
    )
    .min(1),
});

type SentSpan = z.infer<typeof span>;

/** A span as tests look at it. */
export interface Received extends Omit<SentSpan, 'attributes'> {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly ms: number;
}

export class OtlpReceiver {
  readonly #server: Server;
  url = '';
  readonly spans: Received[] = [];
  readonly batches: { headers: IncomingHttpHeaders; spans: number }[] = [];
  /** Why something was refused; tests expect none. */
  readonly faults: string[] = [];
  /** Answers of the next requests, before it takes spans again. */
  readonly ahead: { status: number; body?: string }[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver: OtlpReceiver = new OtlpReceiver(
      createServer(async (incoming, outgoing) => {
        const body = await text(incoming);
        const next = receiver.ahead.shift();
        if (next !== undefined) return outgoing.writeHead(next.status).end(next.body ?? '');
        const fault = receiver.#take(`${incoming.method} ${incoming.url}`, incoming.headers, body);
        if (fault !== null) receiver.faults.push(fault);
        outgoing.writeHead(fault === null ? 200 : 400, { 'content-type': 'application/json' }).end('{}');
      }),
    );
    receiver.url = `${await listen(receiver.#server)}/v1/traces`;
    return receiver;
  }

  stop(): Promise<void> {
    return close(this.#server);
  }

  /** The spans of one trace, in the order in which they began. */
  of(traceId: string): Received[] {
    return this.spans.filter((each) => each.traceId === traceId);
  }

  #take(call: string, headers: IncomingHttpHeaders, body: string): string | null {
    if (call !== 'POST /v1/traces') return `unexpected ${call}`;
    if (headers['content-type'] !== 'application/json') return `unexpected type ${headers['content-type']}`;
    const read = exportRequest.safeParse(JSON.parse(body));
    if (!read.success) return z.prettifyError(read.error);
    const spans = read.data.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    this.batches.push({ headers, spans: spans.length });
    for (const { attributes: all, ...each } of spans) {
      if (this.spans.some(({ spanId: known }) => known === each.spanId)) return `span ${each.spanId} came twice`;
      const ms = Number(BigInt(each.endTimeUnixNano) - BigInt(each.startTimeUnixNano)) / 1e6;
      const values = all.map(({ key, value: own }) => [key, Object.values(own)[0]]);
      this.spans.push({ ...each, ms, attributes: Object.fromEntries(values) });
    }
    return null;
  }
}
