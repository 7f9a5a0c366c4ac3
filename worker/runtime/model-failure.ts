// From the runtime's errors to what callers are told, and how long a version that failed to load is left alone. Pure.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { HeapBrokenError, HeapFullError, HeapLentError, HeapReplacedError, RefusedError } from './heap-errors.ts';

/** Their messages are about the model and the memory. */
const runtimeErrors = [HeapBrokenError, HeapFullError, HeapReplacedError, RefusedError];

const firstRetryMs = 1_000;
/** The longest pause. */
export const lastRetryMs = 60_000;

/** @returns the answer to a request whose run failed; an error that is not the runtime's is returned as it is */
export function runFailure(error: unknown, manifest: Manifest): unknown {
  const name = nameOf(manifest);
  if (error instanceof RefusedError) {
    return new PopserveError('INVALID_ARGUMENT', `${name} refused this input: ${error.message}`);
  }
  const retry = { retryAfterSeconds: 1 };
  if (error instanceof HeapFullError) {
    const message = `${name}: this input needs more memory than there is: ${error.message}`;
    return new PopserveError('UNAVAILABLE', message, retry);
  }
  if (error instanceof HeapBrokenError) {
    const message = `${name}: this input broke the runtime, which was restarted: ${error.message}`;
    return new PopserveError('UNAVAILABLE', message, retry);
  }
  return error;
}

/** @returns the answer to requests for a version that could not be loaded, until it is tried again */
export function loadFailure(cause: unknown, manifest: Manifest, retryMs: number): PopserveError {
  return new PopserveError('UNAVAILABLE', `${nameOf(manifest)} failed to load: ${toldReason(cause)}`, {
    retryAfterSeconds: Math.ceil(retryMs / 1000),
    cause,
  });
}

/**
 * The pause doubles with each failure in a row. The runtime's refusal is permanent, and a retry could evict a version that is
 * serving: it gets the longest pause at once. Requests that hold the room end soon.
 * @param attempts loads that failed in a row, 1 after the first
 */
export function retryDelayMs(error: unknown, attempts: number): number {
  if (error instanceof HeapLentError) return firstRetryMs;
  return error instanceof RefusedError ? lastRetryMs : Math.min(firstRetryMs * 2 ** (attempts - 1), lastRetryMs);
}

/** An error of storage may name keys, and one of the code its inside: the log has both, callers have neither. */
function toldReason(error: unknown): string {
  const isTold =
    error instanceof PopserveError ? error.code !== 'INTERNAL' : runtimeErrors.some((kind) => error instanceof kind);
  return isTold ? reasonOf(error) : 'an unexpected fault, which the log names';
}

/** For the log. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function nameOf({ model, version }: Manifest): string {
  return `model '${model}' version '${version}'`;
}
