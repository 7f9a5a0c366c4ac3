// Where a rollback goes: found out and said before it goes there.
import { PopserveError } from '../../registry/errors.ts';
import { forcedText } from './forced-release.ts';
import type { RegistryClient } from './registry-client.ts';

export interface RollbackTarget {
  readonly version: string;
  /** The version that is served now. */
  readonly from: string;
  /** The route that was seen; the rollback follows this one or none. */
  readonly epoch: number;
  /** When the target was last served; null if that is further back than was looked. */
  readonly servedAtEpoch: number | null;
  /** How the target passed its gate in spite of its figures; null if it did not. */
  readonly forced: string | null;
}

/** So many epochs are looked through for the target. */
const epochsLookedAt = 100;

/**
 * @param asked the version that the operator names; undefined: the one that was stable before, retired ones passed over
 * @returns null if there is nothing to go back from or to, which is for the registry to say
 * @throws {PopserveError} NOT_FOUND for an unknown model
 */
export async function findTarget(
  registry: RegistryClient,
  model: string,
  asked: string | undefined,
): Promise<RollbackTarget | null> {
  const { route, versions } = await registry.showModel(model);
  const from = route?.aliases.stable;
  const isThere = (each: string) => versions.some((known) => known.version === each);
  const version = asked === undefined ? route?.previous.find(isThere) : isThere(asked) ? asked : undefined;
  if (route === null || from === undefined || version === undefined || version === from) return null;
  const [history, forced] = await Promise.all([
    registry.history(model, epochsLookedAt),
    forcedOf(registry, model, version),
  ]);
  const served = history.find(({ aliases }) => aliases.stable === version);
  return { version, from, epoch: route.epoch, servedAtEpoch: served?.epoch ?? null, forced };
}

export function describeTarget(
  model: string,
  { version, from, epoch, servedAtEpoch, forced }: RollbackTarget,
): string[] {
  const when =
    servedAtEpoch === null
      ? `not served in the last ${epochsLookedAt} epochs`
      : `last served at epoch ${servedAtEpoch}`;
  return [
    `${model}: going back from ${from} (epoch ${epoch}) to ${version}, ${when}`,
    ...(forced === null ? [] : [`${version} was released past its gate: ${forced}`]),
  ];
}

/** The registry itself refuses a version that is not there, or cannot be read. */
async function forcedOf(registry: RegistryClient, model: string, version: string): Promise<string | null> {
  try {
    return forcedText(await registry.getManifest(model, version));
  } catch (error) {
    if (error instanceof PopserveError) return null;
    throw error;
  }
}
