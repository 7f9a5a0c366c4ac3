// Manifests by model and version: created once, read, listed and retired. No way leads to a changed manifest, a retirement included.
import type { Manifest } from './manifest.ts';
import type { Digest } from './names.ts';

/** The part of a manifest that a listing has without reading it. */
export interface ManifestInfo {
  version: string;
  /** SHA-256 of the manifest's canonical JSON. */
  digest: Digest;
  /** The blobs that the manifest names; garbage collection keeps them. */
  blobs: readonly Digest[];
  storedAt: Date;
}

/** A manifest that cannot be read. */
export interface DamagedManifest {
  version: string;
  /** The blobs that can be made out in it; garbage collection keeps them. */
  blobs: readonly Digest[];
}

/** A manifest that was retired and may still come back. */
export interface RetiringManifest {
  model: string;
  version: string;
  /** The blobs that it names; they are kept as long as it may come back. */
  blobs: readonly Digest[];
  /** When it was retired. */
  sinceAt: Date;
}

/** The rest of a retired version. It keeps the name taken. */
export interface Tombstone {
  /** SHA-256 of the manifest's canonical JSON: only this content may be registered again. */
  digest: Digest;
  /** When it was retired: RFC 3339, UTC. */
  at: string;
}

export interface VersionListing {
  versions: ManifestInfo[];
  /** Names of versions that were retired. */
  retired: string[];
  /** Versions whose manifests cannot be read. */
  damaged: DamagedManifest[];
}

export interface ManifestStore {
  /** @returns the canonical JSON as it was stored */
  get(model: string, version: string): Promise<string | null>;
  /** @returns false if the version is there already, whatever its content, or was retired with other content */
  create(manifest: Manifest): Promise<boolean>;
  /** @returns null if the version is there, or was never registered */
  getTombstone(model: string, version: string): Promise<Tombstone | null>;
  /** Takes a manifest out of the registry and leaves a tombstone; a copy stays aside until {@link settleRetirement}. */
  retire(manifest: Manifest): Promise<void>;
  /** Lists the copies that are kept aside. One that is damaged names the blobs that can be made out in it. */
  listRetiring(): Promise<RetiringManifest[]>;
  /** Ends a retirement and removes the copy aside. With `restore` the manifest comes back, unless the version is there again. */
  settleRetirement(model: string, version: string, outcome: { restore: boolean }): Promise<void>;
  /** Names of all models that have a route or a version, or had one. */
  listModels(): Promise<string[]>;
  listVersions(model: string): Promise<VersionListing>;
}
