// One call over HTTP: attempts with a timeout each, and growing waits between them, or the wait that the server asks for.
import { guard } from './abortable.ts';
import { errorOf, PopserveError } from './errors.ts';
import { textDecoder } from './tensors.ts';

export interface SendPolicy {
  fetch: typeof fetch;
  timeoutMs: number;
  retries: number;
  longestWaitMs: number;
  signal: AbortSignal | undefined;
}

/** How the last call to each URL went, as the next one tells it. */
export type LastCalls = Map<string, string>;

/** Its headers are a plain object. */
export type Request = RequestInit & { headers: Record<string, string> };

export interface Received {
  readonly headers: Headers;
  readonly body: ArrayBuffer;
}

const firstWaitMs = 100;

/** True if a later attempt, or a run elsewhere, may succeed. */
export function isPassing(error: unknown): error is PopserveError {
  return error instanceof PopserveError && /^(UNREACHABLE|TIMEOUT|RATE_LIMITED|UNAVAILABLE)$/.test(error.code);
}

/**
 * Sends a request, and repeats it where that may help: inference changes nothing at the server.
 * @param lastCalls left out if the server is not to be told
 * @returns a successful answer with its whole body
 * @throws {PopserveError} the failure of the last attempt
 * @throws {unknown} the reason of `signal`, once it is aborted
 */
export async function send(
  url: string,
  request: Request,
  policy: SendPolicy,
  lastCalls?: LastCalls,
): Promise<Received> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await sendOnce(url, request, policy, lastCalls);
    } catch (error) {
      if (!isPassing(error) || attempt >= policy.retries) throw error;
      // Only `false` is sure: `onLine` may be true without a working network.
      if ((globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false) throw error;
      // Random, so that not all clients of a recovering PoP return at the same moment.
      const waitMs = (error.retryAfterMs ?? firstWaitMs * 2 ** attempt) + Math.random() * firstWaitMs;
      if (waitMs > policy.longestWaitMs) throw error;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const waited = () =>
        new Promise((resolve) => {
          timer = setTimeout(resolve, waitMs);
        });
      await guard(policy.signal, waited).finally(() => clearTimeout(timer));
    }
  }
}

async function sendOnce(
  url: string,
  request: Request,
  policy: SendPolicy,
  lastCalls: LastCalls | undefined,
): Promise<Received> {
  // The global fetch throws if it is called as a method of another object.
  const { fetch, signal, timeoutMs } = policy;
  // The platform accepts whole milliseconds only.
  const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
  const last = lastCalls?.get(url);
  const startedAt = performance.now();
  const note = (status: unknown) =>
    lastCalls?.set(url, `ms=${(performance.now() - startedAt).toFixed(1)}, status=${status}`);
  try {
    // Told once: where an older server lets no page send the header, the next attempt goes without it.
    lastCalls?.delete(url);
    const response = await fetch(url, {
      ...request,
      headers: { ...request.headers, ...(last && { 'popserve-last-call': last }) },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const { headers, ok, status } = response;
    const body = await response.arrayBuffer();
    const version = headers.get('popserve-version');
    const more = `, bytes=${body.byteLength}, version="${version}", pop="${headers.get('popserve-pop')}"`;
    note(version ? status + more : status);
    if (ok) return { headers, body };
    throw errorOf(status, headers, textDecoder.decode(body));
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof PopserveError) throw cause;
    if (!timeout.aborted) throw new PopserveError('UNREACHABLE', `cannot reach ${url}`, { cause });
    note('timeout');
    throw new PopserveError('TIMEOUT', `no answer within ${timeoutMs} ms`, { cause });
  }
}
