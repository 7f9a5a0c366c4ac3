// One call over HTTP: attempts with a timeout each, and waits between them that grow, or are as long as the server asks.
import { errorOf, PopserveError } from './errors.ts';

export interface SendPolicy {
  fetch: typeof fetch;
  timeoutMs: number;
  retries: number;
  longestWaitMs: number;
  signal: AbortSignal | undefined;
}

export interface Received {
  readonly headers: Headers;
  readonly body: ArrayBuffer;
}

const firstWaitMs = 100;

/** Where a later attempt, or another place to run, may help. */
export function isPassing({ code }: PopserveError): boolean {
  return code === 'UNREACHABLE' || code === 'TIMEOUT' || code === 'RATE_LIMITED' || code === 'UNAVAILABLE';
}

/**
 * Inference changes nothing at the server, so that it may be repeated.
 * @returns a successful answer, whole
 * @throws PopserveError, or the reason of `signal`
 */
export async function send(url: string, request: RequestInit, policy: SendPolicy): Promise<Received> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await sendOnce(url, request, policy);
    } catch (error) {
      if (!(error instanceof PopserveError) || !isPassing(error) || attempt >= policy.retries || isOffline())
        throw error;
      // Spread, so that the clients of a PoP that comes back do not all come at once.
      const waitMs = (error.retryAfterMs ?? firstWaitMs * 2 ** attempt) + Math.random() * firstWaitMs;
      if (waitMs > policy.longestWaitMs) throw error;
      await wait(waitMs, policy.signal);
    }
  }
}

async function sendOnce(url: string, request: RequestInit, policy: SendPolicy): Promise<Received> {
  const { signal, timeoutMs } = policy;
  // Whole milliseconds, as the platform demands.
  const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
  try {
    const { fetch } = policy;
    const response = await fetch(url, { ...request, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    const body = await response.arrayBuffer();
    if (response.ok) return { headers: response.headers, body };
    throw errorOf(response.status, response.headers, new TextDecoder().decode(body));
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof PopserveError) throw cause;
    throw timeout.aborted
      ? new PopserveError('TIMEOUT', `no answer within ${timeoutMs} ms`, { cause })
      : new PopserveError('UNREACHABLE', `cannot reach ${url}`, { cause });
  }
}

/** True only where the platform is sure. */
function isOffline(): boolean {
  return (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false;
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }, ms);
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
