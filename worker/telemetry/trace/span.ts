// Spans, and how OTLP writes them as JSON: 64-bit numbers as text, ids as hexadecimal digits, enumerations as numbers.
// @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import { serverName, serverVersion } from '../../server-identity.ts';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  /** `tracestate` of the caller; null: none. */
  readonly state: string | null;
  readonly name: string;
  readonly kind: 'server' | 'internal';
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** By the server's fault. */
  readonly failed: boolean;
}

const kinds = { internal: 1, server: 2 } as const;
const statusError = 2;
/** The version of the conventions that the names of attributes follow. */
const schemaUrl = 'https://opentelemetry.io/schemas/1.27.0';
const sampledFlag = 1;

/**
 * The body of an export request.
 * @param instance a random name of the isolate
 */
export function otlpOf(spans: readonly Span[], instance: string): object {
  const resource = { 'service.name': serverName, 'service.version': serverVersion, 'service.instance.id': instance };
  const scope = { name: serverName, version: serverVersion };
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope, spans: spans.map(spanOf), schemaUrl }],
        schemaUrl,
      },
    ],
  };
}

function spanOf(span: Span): object {
  return {
    ...{ traceId: span.traceId, spanId: span.spanId, name: span.name, kind: kinds[span.kind], flags: sampledFlag },
    ...(span.parentId === null ? {} : { parentSpanId: span.parentId }),
    ...(span.state === null ? {} : { traceState: span.state }),
    ...{ startTimeUnixNano: nanosecondsOf(span.startMs), endTimeUnixNano: nanosecondsOf(span.endMs) },
    attributes: attributesOf(span.attributes),
    ...(span.failed ? { status: { code: statusError } } : {}),
  };
}

/** Beyond what a double holds: milliseconds have at most microseconds behind them. */
function nanosecondsOf(ms: number): string {
  return `${BigInt(Math.round(ms * 1000)) * 1000n}`;
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValueOf(value) }));
}

function anyValueOf(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
