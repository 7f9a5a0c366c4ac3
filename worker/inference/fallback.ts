// Stable answers for a canary that cannot be had, so that a broken canary costs no request.
import { PopserveError } from '../../registry/errors.ts';
import type { Isolate } from '../isolate.ts';
import type { Resolved } from '../routing/route-table.ts';

/**
 * Counts a failure for the version that failed, and names the one that answers in its place.
 * @returns stable, if the default route sent the request to a version that is UNAVAILABLE beside it
 * @throws the error in every other case
 */
export function fallbackFor({ counters }: Isolate, failed: Resolved, error: unknown): Resolved {
  const code = error instanceof PopserveError ? error.code : 'INTERNAL';
  counters.fail(failed, code);
  const { manifest, fallback } = failed;
  if (fallback === null || code !== 'UNAVAILABLE') throw error;
  return { ...failed, manifest: fallback, fallback: null, shadow: null, insteadOf: manifest.version };
}
