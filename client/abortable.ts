// What a call may reject with, whatever it does.
import { PopserveError } from './errors.ts';

/**
 * @returns what `work` resolves to
 * @throws the reason of `signal` as soon as it is aborted, however far `work` is; else PopserveError, INVALID_ARGUMENT for what
 *   the platform does not take
 */
export function guard<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal?.reason);
    if (signal?.aborted) return aborted();
    signal?.addEventListener('abort', aborted);
    work()
      .finally(() => signal?.removeEventListener('abort', aborted))
      .then(resolve, (cause) =>
        reject(cause instanceof PopserveError ? cause : new PopserveError('INVALID_ARGUMENT', `${cause}`, { cause })),
      );
  });
}
