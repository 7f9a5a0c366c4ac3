// The manifests of the versions that LiteRT runs. They are immutable, so each is read once.
import { BoundedMap } from '../../registry/bounded-map.ts';
import { PopserveError } from '../../registry/errors.ts';
import { type Manifest, readManifest } from '../../registry/manifest.ts';
import type { ManifestStore } from '../../registry/manifest-store.ts';
import { isModelName, versionSchema } from '../../registry/names.ts';

/** More versions are never busy in one isolate. */
const mostKept = 200;
/** What a manifest takes in memory, as a multiple of its text. */
const heldFactor = 4;

interface Kept {
  readonly manifest: Manifest;
  readonly bytes: number;
}

export class Manifests {
  readonly #store: Pick<ManifestStore, 'get'>;
  readonly #kept = new BoundedMap<string, Kept>(mostKept, ({ bytes }) => {
    this.#heldBytes -= bytes;
  });
  #heldBytes = 0;

  constructor(store: Pick<ManifestStore, 'get'>) {
    this.#store = store;
  }

  /** Memory that the kept manifests take. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * @returns the manifest as the engine loads it: the converted model in the model's place
   * @throws {PopserveError} NOT_FOUND for a version that is not there or that was not converted; INTERNAL for a damaged manifest
   */
  async get(model: string, version: string): Promise<Manifest> {
    const key = `${model}/${version}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept.manifest;
    const text =
      isModelName(model) && versionSchema.safeParse(version).success ? await this.#store.get(model, version) : null;
    if (text === null) throw new PopserveError('NOT_FOUND', `there is no model '${model}' version '${version}'`);
    const manifest = forLiteRt(readManifest(text, model, version));
    if (!this.#kept.has(key)) {
      const bytes = text.length * heldFactor;
      this.#heldBytes += bytes;
      this.#kept.set(key, { manifest, bytes });
    }
    return manifest;
  }
}

/**
 * What loads and counts versions asks a manifest for its model, its profiles and its sample input. To them the converted model is the
 * model, and its one profile the lean one.
 * @throws {PopserveError} NOT_FOUND for a version that was not converted
 */
export function forLiteRt(manifest: Manifest): Manifest {
  const { artifacts, runtime } = manifest;
  const { litert } = runtime;
  if (litert === undefined || artifacts.tflite === undefined) {
    const { model, version } = manifest;
    throw new PopserveError('NOT_FOUND', `model '${model}' version '${version}' was not converted for LiteRT`);
  }
  return {
    ...manifest,
    artifacts: { ...artifacts, model: { ...artifacts.model, ...artifacts.tflite } },
    runtime: { ...runtime, profiles: { lean: litert.profile } },
    warmup: sampleFor(litert.inputs, manifest.warmup),
  };
}

type Sample = NonNullable<Manifest['warmup']>;

/** The version's own sample input where it has the shapes that the model was converted for, else zeros of those shapes. */
function sampleFor(inputs: NonNullable<Manifest['runtime']['litert']>['inputs'], own: Manifest['warmup']): Sample {
  return inputs.map(({ name, shape }) => {
    const sample = own?.find((input) => input.name === name);
    return sample !== undefined && String(sample.shape) === String(shape) ? sample : { name, shape };
  });
}
