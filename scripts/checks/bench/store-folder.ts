// A registry as a folder, laid out by the storage keys of R2, for workers/disk-store.ts to serve.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestHex } from '../../../registry/digests.ts';
import { type Manifest, manifestText } from '../../../registry/manifest.ts';
import type { Digest } from '../../../registry/names.ts';
import type { RouteCopy } from '../../../registry/route.ts';
import { scratchFolder } from './scratch.ts';

export class StoreFolder implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<StoreFolder> {
    return new StoreFolder(await scratchFolder());
  }

  async putObject(key: string, content: Uint8Array | string): Promise<void> {
    await this.#write(join('r2', key), content);
  }

  /** Stores the versions; the first is the stable one. */
  async release(manifests: readonly Manifest[], blobs: readonly { digest: Digest; bytes: Uint8Array }[]) {
    const [stable] = manifests;
    if (!stable) throw new Error('no version to release');
    for (const { digest, bytes } of blobs) await this.putObject(`blobs/sha256/${digestHex(digest)}`, bytes);
    for (const manifest of manifests) {
      await this.putObject(`models/${manifest.model}/versions/${manifest.version}.json`, manifestText(manifest));
    }
    const copy: RouteCopy = {
      route: {
        schema: 1,
        model: stable.model,
        epoch: 1,
        aliases: { stable: stable.version },
        previous: [],
        rollout: null,
        shadow: null,
        audit: { actor: 'bench', at: '2026-01-01T00:00:00Z', action: 'activate' },
      },
      manifests: { [stable.version]: stable },
      // They have loaded somewhere before, so no isolate tries them.
      proven: manifests.map(({ version }) => version),
    };
    await this.#write(join('kv', `route:${stable.model}`), JSON.stringify(copy));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async #write(path: string, content: Uint8Array | string): Promise<void> {
    const target = join(this.directory, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}
