// The error family of popserve: a stable code, the HTTP status that goes with it and a message made for the caller.
// Errors are thrown where the fault is found; worker/app.ts turns them into responses, the command prints them.
import type { ContractConflict } from './api/contract.ts';
import { type ErrorCode, statusByCode } from './error-codes.ts';

export class PopserveError extends Error {
  override readonly name = 'PopserveError';
  readonly code: ErrorCode;
  readonly status: number;
  /** When to try again, for RATE_LIMITED and UNAVAILABLE. */
  readonly retryAfterSeconds: number | undefined;
  /** For CONFLICT: the callers who would be hurt, where that is why. */
  readonly contract: ContractConflict | undefined;

  /**
   * @param message says what was expected and what came, for the caller to read; holds no secrets and no stack
   */
  constructor(
    code: ErrorCode,
    message: string,
    options: { retryAfterSeconds?: number; contract?: ContractConflict; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = statusByCode[code];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.contract = options.contract;
  }
}

/** A fault of the caller's, which another request would not have. */
export function invalid(message: string, cause?: unknown): PopserveError {
  return new PopserveError('INVALID_ARGUMENT', message, cause === undefined ? {} : { cause });
}
