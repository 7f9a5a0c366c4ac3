// Which version answers a request, from the route alone. Pure: the same route and request give the same version.
import { PopserveError } from '../../registry/errors.ts';
import { versionSchema } from '../../registry/names.ts';
import type { Route } from '../../registry/route.ts';
import { unknownVersion } from '../../registry/unknown-model.ts';
import { bucketOf, withinShare } from './bucket.ts';

/**
 * @param requested version or alias from the URL; null for the default, which is `stable` or a running rollout's version
 * @param key identifies the caller, so that a rollout gives it the same side each time: the device's id, the API key or the address
 * @throws {PopserveError} NOT_FOUND for an unknown alias; UNAVAILABLE when the model has no active version
 */
export function resolveVersion(model: string, route: Route | null, requested: string | null, key: string): string {
  if (requested !== null) {
    if (versionSchema.safeParse(requested).success) return requested;
    const aliased = route && Object.hasOwn(route.aliases, requested) ? route.aliases[requested] : undefined;
    if (aliased !== undefined) return aliased;
    throw unknownVersion(model, requested, Object.keys(route?.aliases ?? {}));
  }
  const stable = route?.aliases.stable;
  if (!route || stable === undefined) {
    throw new PopserveError('UNAVAILABLE', `model '${model}' has no active version yet`, { retryAfterSeconds: 5 });
  }
  const { rollout } = route;
  if (rollout && withinShare(bucketOf(rollout.salt, key), rollout.percent)) return rollout.version;
  return stable;
}
