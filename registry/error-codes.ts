// The stable codes of errors and the HTTP statuses that carry them: told once, for the Worker, the command and the client.

/**
 * HTTP status of each code.
 * @see https://github.com/kserve/open-inference-protocol for the statuses of inference, RFC 9110 and RFC 6585 for the others;
 *   499 is nginx's, of which only logs and counters tell
 */
export const statusByCode = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TIMEOUT: 408,
  CONFLICT: 409,
  TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA: 415,
  RANGE_NOT_SATISFIABLE: 416,
  MISDIRECTED: 421,
  UNPROCESSABLE: 422,
  RATE_LIMITED: 429,
  HEADERS_TOO_LARGE: 431,
  CLIENT_GONE: 499,
  INTERNAL: 500,
  UNSUPPORTED: 501,
  UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof statusByCode;

/** Statuses that popserve does not send itself: a failed precondition, and gateways in front of a PoP. */
const codeOfOthers: Readonly<Record<number, ErrorCode>> = { 412: 'CONFLICT', 502: 'UNAVAILABLE', 504: 'UNAVAILABLE' };

/** @returns the code of an answer's status; an unknown one is the server's fault from 500 on, the caller's below */
export function errorCodeOf(status: number): ErrorCode {
  const codes = Object.keys(statusByCode) as ErrorCode[];
  const own = codes.find((code) => statusByCode[code] === status);
  return own ?? codeOfOthers[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
}
