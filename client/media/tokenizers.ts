// The tokenizers of versions that run here: downloaded from a PoP, checked against their digests, and kept like artifacts of models.
import { openStore, put, type Store } from '../artifact-cache.ts';
import { PopserveError } from '../errors.ts';
import { digestOf } from '../local.ts';
import type { CallOptions } from '../options.ts';
import { keepNewest } from './kept.ts';

/** Asks a PoP for what lies below a path. */
type Download = (path: string, call: CallOptions) => Promise<ArrayBuffer>;

/** Tokenizers in memory: one for each version that may run at once. */
const mostLoaded = 4;

export class Tokenizers {
  readonly #download: Download;
  /** URL of the PoP, ending with `/`. */
  readonly #base: string;
  #store: Promise<Store> | undefined;
  readonly #loaded = new Map<string, Uint8Array>();

  constructor(base: string, download: Download) {
    this.#base = base;
    this.#download = download;
  }

  /**
   * @param versionPath the path of the version, `v2/models/…/versions/…`
   * @returns the same bytes each time
   * @throws {PopserveError} DIGEST_MISMATCH, or what the download rejects with
   */
  async load(versionPath: string, digest: string, call: CallOptions): Promise<Uint8Array> {
    const loaded = this.#loaded.get(digest);
    if (loaded) return loaded;
    const bytes = new Uint8Array(await this.#bytes(versionPath, digest, call));
    const [oldest = ''] = this.#loaded.keys();
    if (this.#loaded.size === mostLoaded) this.#loaded.delete(oldest);
    this.#loaded.set(digest, bytes);
    return bytes;
  }

  /** Checks cached bytes as well, because any script of the page's origin can write to the cache. */
  async #bytes(versionPath: string, digest: string, call: CallOptions): Promise<ArrayBuffer> {
    this.#store ??= openStore();
    const store = await this.#store;
    // Not the address of the download: artifacts of models are counted by theirs.
    const url = `${this.#base}${versionPath}/tokenizer?digest=${digest}`;
    const kept = await (await store.match(url))?.arrayBuffer();
    if (kept && (await digestOf(kept)) === digest) return kept;
    const bytes = await this.#download(`${versionPath}/artifact?digest=${digest}`, call);
    const got = await digestOf(bytes);
    if (got !== digest) throw new PopserveError('DIGEST_MISMATCH', `expected the tokenizer ${digest}, got ${got}`);
    await put(store, url, bytes);
    const [ofModel = url] = url.split('/versions/');
    await keepNewest(store, (kept) => kept.startsWith(`${ofModel}/`) && kept.includes('/tokenizer?'));
    return bytes;
  }
}
