// The one error of the client, with a stable code. The codes for HTTP statuses are the server's own.
import { errorCodeOf, type ErrorCode as ServerErrorCode } from '../registry/error-codes.ts';

/** Codes of failures that have no status of the server. */
export const clientCodes = ['UNREACHABLE', 'TIMEOUT', 'BAD_ANSWER', 'DIGEST_MISMATCH', 'LOCAL_FAILED'] as const;

/**
 * The server's codes, and five more: `UNREACHABLE` (no connection), `TIMEOUT` (no answer in time), `BAD_ANSWER` (the answer does
 * not follow the protocol), `DIGEST_MISMATCH` (an artifact has other bytes than announced) and `LOCAL_FAILED` (the model does
 * not run here).
 */
export type ErrorCode = ServerErrorCode | (typeof clientCodes)[number];

interface ErrorDetails {
  status?: number;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/**
 * Every failure of a call, told apart by `code`.
 * @example
 * ```ts
 * import { PopserveClient, PopserveError } from 'popserve/client';
 *
 * const client = new PopserveClient('http://127.0.0.1:8787');
 * try {
 *   await client.metadata('no-such-model');
 * } catch (error) {
 *   if (error instanceof PopserveError && error.code === 'NOT_FOUND') console.log(error.status); // 404
 *   else throw error;
 * }
 * ```
 */
export class PopserveError extends Error {
  override readonly name = 'PopserveError';
  declare readonly code: ErrorCode;
  /** HTTP status of the answer; 0 if there was none. */
  declare readonly status: number;
  /** The wait that the header Retry-After asks for, in milliseconds. */
  declare readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, { status = 0, retryAfterMs, cause }: ErrorDetails = {}) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Makes an error from an unsuccessful answer, with the server's message if it has one. */
export function errorOf(status: number, headers: Headers, body: string): PopserveError {
  return new PopserveError(errorCodeOf(status), messageOf(body) ?? `HTTP status ${status}`, {
    status,
    retryAfterMs: retryAfterMs(headers.get('retry-after') ?? ''),
  });
}

/** Reads `{"error": "…"}`; a proxy in between may have answered with something else. */
function messageOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { error?: string }).error;
  } catch {
    return undefined;
  }
}

/**
 * The header holds seconds or a date.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
function retryAfterMs(header: string): number | undefined {
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
