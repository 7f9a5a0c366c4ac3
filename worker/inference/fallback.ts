// Stable answers for a canary that cannot be had, so that a broken canary costs no request.
import { PopserveError } from '../../registry/errors.ts';
import type { Isolate } from '../isolate.ts';
import type { Resolved } from '../routing/route-table.ts';

/**
 * Counts each failure for the version that failed.
 * @param work answers with the version that it is given
 * @throws what `work` throws, unless the default route sent the request to a version that is UNAVAILABLE beside stable
 */
export async function withFallback<T>(
  isolate: Isolate,
  resolved: Resolved,
  work: (resolved: Resolved) => Promise<T>,
): Promise<T> {
  try {
    return await work(resolved);
  } catch (error) {
    const code = error instanceof PopserveError ? error.code : 'INTERNAL';
    isolate.counters.fail(resolved, code);
    const { manifest, fallback } = resolved;
    if (fallback === null || code !== 'UNAVAILABLE') throw error;
    const stable = { ...resolved, manifest: fallback, fallback: null, shadow: null, insteadOf: manifest.version };
    return await withFallback(isolate, stable, work);
  }
}
