// What can go wrong with a call: one error with a stable code. The codes of HTTP statuses are those of the server.
import { errorCodeOf, type ErrorCode as ServerErrorCode } from '../registry/error-codes.ts';

/**
 * Beside the server's: `UNREACHABLE` no connection, `TIMEOUT` no answer in time, `BAD_ANSWER` an answer that is not of the
 * protocol, `DIGEST_MISMATCH` an artifact with other bytes than announced, `LOCAL_FAILED` the model does not run here.
 */
export type ErrorCode = ServerErrorCode | 'UNREACHABLE' | 'TIMEOUT' | 'BAD_ANSWER' | 'DIGEST_MISMATCH' | 'LOCAL_FAILED';

interface ErrorDetails {
  status?: number;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

export class PopserveError extends Error {
  override readonly name = 'PopserveError';
  readonly code: ErrorCode;
  /** HTTP status of the answer; 0 without one. */
  readonly status: number;
  /** What the header Retry-After asks for. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, { status = 0, retryAfterMs, cause }: ErrorDetails = {}) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The error of an answer that is not a success; its message is the server's. */
export function errorOf(status: number, headers: Headers, body: string): PopserveError {
  return new PopserveError(errorCodeOf(status), messageOf(body) ?? `HTTP status ${status}`, {
    status,
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
  });
}

/** `{"error": "…"}`; a proxy in between may answer anything. */
function messageOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { error?: string }).error;
  } catch {
    return undefined;
  }
}

/** Seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function retryAfterMs(header: string | null): number | undefined {
  if (!header) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
