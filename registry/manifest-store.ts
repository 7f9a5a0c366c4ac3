// Manifests by model and version: created once, read, listed, retired; never changed, not by way of a retirement either.
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

/** A manifest that was retired and may yet come back. */
export interface RetiringManifest {
  model: string;
  version: string;
  /** The blobs that it names: kept as long as it may come back. */
  blobs: readonly Digest[];
  /** When it was retired. */
  sinceAt: Date;
}

/** What stays of a version that was retired: its name is taken for good. */
export interface Tombstone {
  /** SHA-256 of the canonical JSON of the manifest: the one that may come back. */
  digest: Digest;
  /** RFC 3339, UTC. */
  at: string;
}

export interface VersionListing {
  versions: ManifestInfo[];
  /** Versions that were retired. */
  retired: string[];
}

export interface ManifestStore {
  /** @returns the canonical JSON as it was stored */
  get(model: string, version: string): Promise<string | null>;
  /** @returns false if the version is there already, whatever its content, or was retired with other content */
  create(manifest: Manifest): Promise<boolean>;
  /** @returns null if the version is there, or never was */
  getTombstone(model: string, version: string): Promise<Tombstone | null>;
  /** Takes a manifest out of the registry and leaves a tombstone; a copy stays aside until {@link settleRetirement}. */
  retire(manifest: Manifest): Promise<void>;
  /** What is kept aside. */
  listRetiring(): Promise<RetiringManifest[]>;
  /** Ends a retirement: with `restore` the manifest is there again, unless the version is; the copy aside is gone. */
  settleRetirement(model: string, version: string, outcome: { restore: boolean }): Promise<void>;
  /** Names of all models that have a route or a version, or had one. */
  listModels(): Promise<string[]>;
  listVersions(model: string): Promise<VersionListing>;
}
