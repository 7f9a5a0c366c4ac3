// The error family of popserve: a stable code, the HTTP status that goes with it and a message made for the caller.
// Thrown where the fault is found, turned into a response in one place (worker/app.ts) or printed by the command.

/** HTTP status of each error code (PROTOCOL.md 2.11: what Triton and the OIP text use, plus the HTTP ones). */
const statusByCode = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA: 415,
  RANGE_NOT_SATISFIABLE: 416,
  UNPROCESSABLE: 422,
  RATE_LIMITED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  UNSUPPORTED: 501,
  UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof statusByCode;

export class PopserveError extends Error {
  override readonly name = 'PopserveError';
  readonly code: ErrorCode;
  readonly status: number;
  /** When to try again, for RATE_LIMITED and UNAVAILABLE. */
  readonly retryAfterSeconds: number | undefined;

  /**
   * @param message what was expected and what came, for the caller to read; no secrets, no stack
   */
  constructor(code: ErrorCode, message: string, options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = statusByCode[code];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
