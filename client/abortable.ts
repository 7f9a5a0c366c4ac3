// Limits what a public call may reject with: a PopserveError, or the reason of its signal.
import { PopserveError } from './errors.ts';

/**
 * Runs `work` until it ends or `signal` is aborted.
 * @returns what `work` resolves to
 * @throws {PopserveError} what `work` rejects with; INVALID_ARGUMENT for an error of the platform, such as a header it refuses
 * @throws {unknown} the reason of `signal`, as soon as it is aborted and however far `work` is
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
