// The settings of traces: where spans go, and how many.
import * as z from 'zod';
import { PopserveError } from '../../../registry/errors.ts';

export interface TraceSettings {
  /** The collector's address for traces, `…/v1/traces`. */
  readonly url: string;
  /** Sent with each export, for example to authenticate. */
  readonly headers: Readonly<Record<string, string>>;
  /** The values among them that can be secrets: they are kept out of the log. */
  readonly secrets: readonly string[];
  /** The share of requests without a caller's decision whose spans are kept, 0 to 1. */
  readonly share: number;
}

/** Shorter ones are words, such as the name of a tenant. */
const shortestSecret = 16;

export const traceVariables = {
  TRACES_URL: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  TRACES_HEADERS: z.string().default(''),
  TRACES_SHARE: z.coerce.number().min(0).max(1).default(0.01),
};

type Variables = { [K in keyof typeof traceVariables]: z.output<(typeof traceVariables)[K]> };

/**
 * @returns null if no URL is set
 * @throws {PopserveError} INTERNAL for headers that are no list of `name=value`; the message has none of their values
 */
export function readTraceSettings({
  TRACES_URL: url,
  TRACES_HEADERS,
  TRACES_SHARE: share,
}: Variables): TraceSettings | null {
  if (url === '') return null;
  const headers = readHeaders(TRACES_HEADERS);
  const secrets = Object.values(headers).filter((value) => value.length >= shortestSecret);
  return { url, headers, secrets, share };
}

/**
 * As OTEL_EXPORTER_OTLP_HEADERS has them: separated by commas, values percent-encoded where they hold one.
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
 */
function readHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, part] of text.split(',').entries()) {
    if (part.trim() === '') continue;
    const [, name = '', value = ''] = /^\s*([!#$%&'*+\-.^_`|~\w]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const decoded = decodedOrNull(value);
    if (name === '' || decoded === null || !/^[\x20-\x7e]+$/.test(decoded)) {
      throw new PopserveError(
        'INTERNAL',
        `wrong settings: TRACES_HEADERS: expected name=value, separated by commas, got something else in place ${index + 1}`,
      );
    }
    headers[name.toLowerCase()] = decoded;
  }
  return headers;
}

function decodedOrNull(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
