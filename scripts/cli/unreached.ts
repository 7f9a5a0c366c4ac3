// A call that no answer came to: whether it may be repeated, and what to do about it.
import { PopserveError } from '../../registry/errors.ts';
import { isLoopback, type Settings } from './settings.ts';

/** Nothing listens there: mostly a PoP that was not started, seldom one that is just starting. */
const nobodyThere = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);
/** Somebody listens and the connection is not made, or takes too long: a further try mostly waits as long. */
const slowFaults = new Set(['timeout', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);
const passingFaults = new Set([
  ...slowFaults,
  ...['ECONNRESET', 'EPIPE', 'ENETDOWN', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
]);
const untrusted = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_CERT\w+)$/;

/** Time for a port to show that it speaks the other protocol. */
const probeTimeoutMs = 3000;

export class Unreached extends PopserveError {
  /** Whether the request can not have arrived. */
  readonly neverSent: boolean;
  /** Whether it may arrive another time; a certificate that is not trusted stays so. */
  readonly passing: boolean;
  /** Whether this try has waited so long that the next one is not worth it. */
  readonly slow: boolean;
  readonly fault: string;

  /** @param tookMs how long this try has waited */
  constructor(settings: Settings, error: unknown, { timeoutMs, tookMs }: { timeoutMs: number; tookMs: number }) {
    const fault = error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : faultOf(error);
    super('UNAVAILABLE', describe(settings, fault, timeoutMs), { cause: error });
    this.fault = fault;
    this.neverSent = nobodyThere.has(fault);
    this.passing = passingFaults.has(fault);
    this.slow = slowFaults.has(fault) && tookMs > 5000;
  }
}

/** A port that speaks the other one of http and https. */
export class WrongScheme extends PopserveError {
  constructor({ url, urlSource }: Settings, other: URL, cause: unknown) {
    const [spoken, asked] = [other.protocol.slice(0, -1), url.protocol.slice(0, -1)];
    super(
      'UNAVAILABLE',
      `${url} does not answer by ${asked}: this port speaks ${spoken}; set ${urlSource} to ${other}`,
      { cause },
    );
  }
}

/** Faults that a port has where it is asked by the wrong protocol. */
export function mayBeOtherScheme({ fault }: Unreached): boolean {
  return /^(ERR_SSL_\w+|EPROTO|HPE_\w+|ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_CONNECT_TIMEOUT|timeout)$/.test(fault);
}

/**
 * Asks the same port by the other one of http and https, without a token.
 * @returns the URL that it speaks, or null
 */
export async function otherScheme(url: URL): Promise<URL | null> {
  const other = new URL(url);
  other.protocol = url.protocol === 'https:' ? 'http:' : 'https:';
  // The port stays, which a URL leaves out if it is the usual one of its scheme.
  if (url.port === '') other.port = url.protocol === 'https:' ? '443' : '80';
  try {
    const signal = AbortSignal.timeout(probeTimeoutMs);
    const { status, body } = await fetch(new URL('v2/health/live', other), { redirect: 'manual', signal });
    await body?.cancel();
    // A port of TLS that is asked in the clear may answer with 400 (nginx).
    return status === 400 ? null : other;
  } catch (error) {
    // A certificate that is not trusted and an alert are answers by TLS, too.
    const fault = faultOf(error);
    return other.protocol === 'https:' && (untrusted.test(fault) || fault.includes('ALERT')) ? other : null;
  }
}

function describe({ url, urlSource }: Settings, fault: string, timeoutMs: number): string {
  const local = isLoopback(url)
    ? `start a local PoP with 'npx popserve start' or set ${urlSource}`
    : `is ${urlSource} right?`;
  if (fault === 'timeout') return `no answer from ${url} within ${timeoutMs / 1000} s`;
  if (fault === 'UND_ERR_CONNECT_TIMEOUT')
    return `no connection to ${url} within 10 s (${fault}); is ${urlSource} right?`;
  if (fault === 'ENOTFOUND' || fault === 'EAI_AGAIN') {
    return `the host '${url.hostname}' of ${url} is not known here (${fault}); is ${urlSource} right?`;
  }
  if (nobodyThere.has(fault)) return `nothing answers at ${url} (${fault}); ${local}`;
  if (untrusted.test(fault)) {
    return `the certificate of ${url} is not trusted here (${fault}); NODE_EXTRA_CA_CERTS names a file with further authorities`;
  }
  return `the connection to ${url} failed: ${fault}`;
}

/** fetch says 'fetch failed'; the reason is the cause. */
function faultOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
