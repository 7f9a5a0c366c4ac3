// A version that was released past its gate says so wherever it is put to use.
import type { Manifest } from '../../registry/manifest.ts';

/** Longest reason that the history takes. */
const longestReason = 1000;

/** The reason for the history of the model: what was passed over comes first. */
export function activationReason({ evaluation }: Manifest, reason: string | undefined): string | undefined {
  const forced = evaluation?.gate.forced;
  if (forced === undefined) return reason;
  const why = reason ?? forced.reason;
  return `forced (${forced.failures.join('; ')}): ${why}`.slice(0, longestReason).toWellFormed();
}
