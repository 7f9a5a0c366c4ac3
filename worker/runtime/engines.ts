// Both engines of an isolate together: what is asked of them without knowing which of them answers.
import type { Manifest } from '../../registry/manifest.ts';
import type { RequestScope } from '../request-scope.ts';
import type { ModelCache } from './model-cache.ts';
import type { SecondEngine } from './second-engine.ts';
import type { Texts } from './texts.ts';

export interface Engines {
  /** onnxruntime's, in this isolate. */
  readonly models: ModelCache;
  /** Null where its Worker is not bound: onnxruntime runs everything. */
  readonly litert: SecondEngine | null;
}

/**
 * Has everything ready that a request for the version needs, in the engine that will answer it.
 * @throws {PopserveError} UNAVAILABLE when the version cannot be loaded; INVALID_ARGUMENT when it refuses its sample input
 */
export async function warmVersion(
  { models, litert, texts }: Engines & { readonly texts: Texts },
  manifest: Manifest,
  scope: RequestScope,
): Promise<void> {
  await texts.warm(manifest, scope);
  if (manifest.runtime.litert !== undefined && (await litert?.warm(manifest))) return;
  await models.warm(manifest, scope);
}

/** Whether a version can be loaded while others stay. Those that the second engine answers for take no room here. */
export function fitsBeside({ models, litert }: Engines, manifest: Manifest, others: readonly Manifest[]): boolean {
  if (litert === null) return models.fitsBeside(manifest, others);
  if (litert.serves(manifest)) return true;
  return models.fitsBeside(
    manifest,
    others.filter((other) => !litert.serves(other)),
  );
}

/** Whether a request for the version is answered without a pause. */
export function isAtHand({ models, litert }: Engines, manifest: Manifest): boolean {
  return models.isLoaded(manifest) && (manifest.runtime.litert === undefined || litert?.serves(manifest) !== true);
}
