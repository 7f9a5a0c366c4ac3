// R2 and KV take one write a second to a key and refuse the others. A refused write has changed nothing: the caller is told when to
// repeat it, or it is repeated here where the call has written something else already.
// @see https://developers.cloudflare.com/r2/platform/limits/ https://developers.cloudflare.com/kv/platform/limits/
import { PopserveError } from './errors.ts';

/** Milliseconds between two writes to a key. */
export const writeIntervalMs = 1000;

/** Waits without keeping anything busy. */
export type Pause = (ms: number) => Promise<unknown>;

/** The second write is the first one's neighbour in time, so two pauses are mostly enough; the third is for a third writer. */
const mostPauses = 3;
/** Writers that were refused together do not come back together. */
const jitterMs = 250;

/**
 * R2 ends its message with the code, KV names the status.
 * @see https://developers.cloudflare.com/r2/api/error-codes/
 */
const refusals = /\(10058\)|\b429\b/;

/**
 * Does one write to R2 or KV.
 * @throws {PopserveError} RATE_LIMITED when the key was written less than a second ago; then nothing has changed
 */
export async function writeOnce<T>(key: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (!(cause instanceof Error && refusals.test(cause.message))) throw cause;
    throw writeRefused(key, cause);
  }
}

export function writeRefused(key: string, cause?: unknown): PopserveError {
  // The key is for the log: callers know no keys of storage.
  return new PopserveError(
    'RATE_LIMITED',
    'the same was written less than a second ago, which storage refuses; repeat',
    {
      retryAfterSeconds: writeIntervalMs / 1000,
      cause: new Error(`second write to '${key}' within a second`, { cause }),
    },
  );
}

export function isWriteRefused(error: unknown): boolean {
  return error instanceof PopserveError && error.code === 'RATE_LIMITED';
}

/**
 * Repeats what was refused because of an earlier write, after a second and more. For writes that no caller can repeat.
 * @throws {unknown} what `write` throws, at the latest after some seconds
 */
export async function writePatiently<T>(pause: Pause, write: () => Promise<T>): Promise<T> {
  for (let pauses = 0; ; pauses++) {
    try {
      return await write();
    } catch (error) {
      if (!isWriteRefused(error) || pauses === mostPauses) throw error;
      await pause(writeIntervalMs * (pauses + 1) + Math.round(jitterMs * Math.random()));
    }
  }
}

export const timerPause: Pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
