// A version that was released past its gate says so wherever it is put to use.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { RegistryClient } from './registry-client.ts';

/** Longest reason that the history takes. */
const longestReason = 1000;

/** Which requirements a version was released in spite of, and why; null if it met them all or had none. */
export function forcedText({ evaluation }: Manifest): string | null {
  const forced = evaluation?.gate.forced;
  return forced === undefined ? null : `${forced.failures.join('; ')} (${forced.reason})`;
}

/** The reason for the history of the model; the requirements that were passed over come first. */
export function activationReason({ evaluation }: Manifest, reason: string | undefined): string | undefined {
  const forced = evaluation?.gate.forced;
  if (forced === undefined) return reason;
  const why = reason ?? forced.reason;
  return `forced (${forced.failures.join('; ')}): ${why}`.slice(0, longestReason).toWellFormed();
}

/** The same for a version in the registry. A version that is not there is refused by the registry, with the route. */
export async function reasonToServe(
  registry: RegistryClient,
  model: string,
  version: string,
  reason: string | undefined,
): Promise<string | undefined> {
  const manifest = await orNull(registry.getManifest(model, version));
  return manifest === null ? reason : activationReason(manifest, reason);
}

/** The same for the version of the running canary. */
export async function reasonToPromote(
  registry: RegistryClient,
  model: string,
  reason: string | undefined,
): Promise<string | undefined> {
  const version = (await orNull(registry.showModel(model)))?.route?.rollout?.version;
  return version === undefined ? reason : reasonToServe(registry, model, version, reason);
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof PopserveError) return null;
    throw error;
  }
}
