// A canary that cannot be had costs no request: what it cannot answer, stable does.
import { PopserveError } from '../../registry/errors.ts';
import type { Resolved } from '../routing/route-table.ts';

/**
 * @param work answers with the version it is given, and counts it as failed if it throws
 * @throws what `work` does, unless the default route sent the request to a version that is UNAVAILABLE beside stable
 */
export async function withFallback<T>(resolved: Resolved, work: (resolved: Resolved) => Promise<T>): Promise<T> {
  try {
    return await work(resolved);
  } catch (error) {
    const { fallback } = resolved;
    if (fallback === null || !(error instanceof PopserveError && error.code === 'UNAVAILABLE')) throw error;
    return await work({
      ...resolved,
      manifest: fallback,
      fallback: null,
      shadow: null,
      insteadOf: resolved.manifest.version,
    });
  }
}
