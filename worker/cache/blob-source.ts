// Where a model's bytes come from: the PoP's own cache, with the registry behind it. Whoever reads them checks their digest.

export interface OpenBlob {
  readonly body: ReadableStream<Uint8Array>;
  readonly from: 'cache' | 'registry';
}

/** What of the Cache API is used; it has no effect on workers.dev, where every blob comes from the registry. */
export type BlobCache = Pick<Cache, 'match' | 'put' | 'delete'>;

export class BlobSource {
  readonly #readRegistry: (digest: string) => Promise<ReadableStream<Uint8Array>>;
  readonly #cache: BlobCache;

  constructor(options: {
    readRegistry: (digest: string) => Promise<ReadableStream<Uint8Array>>;
    cache: BlobCache;
  }) {
    this.#readRegistry = options.readRegistry;
    this.#cache = options.cache;
  }

  /** @throws PopserveError NOT_FOUND if neither has it */
  async open(digest: string): Promise<OpenBlob> {
    const cached = await this.#cache.match(cacheKey(digest)).catch(() => undefined);
    if (cached?.body) return { body: cached.body, from: 'cache' };
    return await this.openRegistry(digest);
  }

  async openRegistry(digest: string): Promise<OpenBlob> {
    return { body: await this.#readRegistry(digest), from: 'registry' };
  }

  /**
   * Puts a blob that was found to be whole into the cache. It is read a second time for that: a stream that is split holds in
   * memory what its slower half has not taken yet, up to the whole model.
   */
  async keep(digest: string): Promise<void> {
    const { body } = await this.openRegistry(digest);
    const headers = { 'cache-control': 'public, max-age=31536000, immutable' };
    await this.#cache.put(cacheKey(digest), new Response(body, { headers }));
  }

  /** Takes a damaged copy out of the cache. */
  async drop(digest: string): Promise<void> {
    await this.#cache.delete(cacheKey(digest));
  }
}

/** A name that resolves nowhere: nothing but this Worker puts anything under it. */
function cacheKey(digest: string): string {
  return `https://blobs.popserve.invalid/${digest.replace(':', '/')}`;
}
