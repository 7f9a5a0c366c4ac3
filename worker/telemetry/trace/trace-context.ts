// W3C Trace Context: whose request this is part of, as the header `traceparent` carries it.
// @see https://www.w3.org/TR/trace-context/

import { toHex } from '../../../registry/bytes.ts';

export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** The span that called; null where the trace begins here. */
  readonly parentId: string | null;
  /** Whether the caller keeps spans of this trace. */
  readonly sampled: boolean;
}

const versionZero = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** A later version may have more behind the flags: what version 0 knows of it stands in the same places. */
const laterVersion = /^(?!ff|00)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const sampledFlag = 1;

/** @returns null for a header that is invalid: then the trace begins anew (section 4.3, "Processing Model") */
export function readTraceparent(header: string): TraceContext | null {
  const found = versionZero.exec(header) ?? laterVersion.exec(header);
  if (found === null) return null;
  const [, traceId = '', parentId = '', flags = ''] = found;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return null;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 };
}

/** Always of version 0, with no flag but the one that it knows. */
export function writeTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

export function newTraceId(): string {
  return randomHex(16);
}

export function newSpanId(): string {
  return randomHex(8);
}

/** Digits that are not all 0, which the specification forbids. */
function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  if (random.every((byte) => byte === 0)) return randomHex(bytes);
  return toHex(random);
}
