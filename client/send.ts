// One call over HTTP: attempts with a timeout each, and growing waits between them, or the wait that the server asks for.
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

/** True if a later attempt, or a run elsewhere, may succeed. */
export function isPassing(error: unknown): error is PopserveError {
  if (!(error instanceof PopserveError)) return false;
  const { code } = error;
  return code === 'UNREACHABLE' || code === 'TIMEOUT' || code === 'RATE_LIMITED' || code === 'UNAVAILABLE';
}

/**
 * Sends a request, and repeats it where that may help: inference changes nothing at the server.
 * @returns a successful answer with its whole body
 * @throws {PopserveError} the failure of the last attempt
 * @throws {unknown} the reason of `signal`, once it is aborted
 */
export async function send(url: string, request: RequestInit, policy: SendPolicy): Promise<Received> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await sendOnce(url, request, policy);
    } catch (error) {
      if (!isPassing(error) || attempt >= policy.retries || isOffline()) throw error;
      // Random, so that not all clients of a recovering PoP return at the same moment.
      const waitMs = (error.retryAfterMs ?? firstWaitMs * 2 ** attempt) + Math.random() * firstWaitMs;
      if (waitMs > policy.longestWaitMs) throw error;
      await wait(waitMs, policy.signal);
    }
  }
}

async function sendOnce(url: string, request: RequestInit, policy: SendPolicy): Promise<Received> {
  const { signal, timeoutMs } = policy;
  // The platform accepts whole milliseconds only.
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

/** True only if the platform is sure; `onLine` may be true without a working network. */
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
