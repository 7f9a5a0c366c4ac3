// The manifests of one model during one change, each read from the store once. Manifests never change, so none has to be read again;
// one that was missing is looked for again.
import { type Manifest, readManifest } from './manifest.ts';
import type { ManifestStore } from './manifest-store.ts';
import { unknownVersion } from './unknown-model.ts';

export class ManifestReader {
  readonly #store: Pick<ManifestStore, 'get'>;
  readonly #model: string;
  readonly #found = new Map<string, Promise<Manifest | null>>();

  constructor(store: Pick<ManifestStore, 'get'>, model: string) {
    this.#store = store;
    this.#model = model;
  }

  /** @returns null if the registry does not have the version */
  async find(version: string): Promise<Manifest | null> {
    const reading = this.#found.get(version) ?? this.#read(version);
    this.#found.set(version, reading);
    const manifest = await reading;
    if (manifest === null) this.#found.delete(version);
    return manifest;
  }

  /** @throws {PopserveError} NOT_FOUND when the registry does not have the version */
  async get(version: string): Promise<Manifest> {
    const manifest = await this.find(version);
    if (manifest !== null) return manifest;
    throw unknownVersion(this.#model, version);
  }

  async #read(version: string): Promise<Manifest | null> {
    const text = await this.#store.get(this.#model, version);
    return text === null ? null : readManifest(text, this.#model, version);
  }
}
