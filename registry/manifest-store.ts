// Manifests by model and version: created once, read, listed, retired; never changed.
import type { Manifest } from './manifest.ts';
import type { Digest } from './names.ts';

/** What a listing tells of a manifest without reading it. */
export interface ManifestInfo {
  version: string;
  /** SHA-256 of the manifest's canonical JSON. */
  digest: Digest;
  /** The blobs that the manifest names: what garbage collection must keep. */
  blobs: readonly Digest[];
  storedAt: Date;
}

export interface ManifestStore {
  /** @returns the canonical JSON as it was stored */
  get(model: string, version: string): Promise<string | null>;
  /** @returns false if the version is there already, whatever its content */
  create(manifest: Manifest): Promise<boolean>;
  delete(model: string, version: string): Promise<void>;
  /** Names of all models that have a version or a route. */
  listModels(): Promise<string[]>;
  listVersions(model: string): Promise<ManifestInfo[]>;
}
