// A model's bytes: from the PoP's own cache, with the registry behind it. The reader checks their digest.

interface OpenBlob {
  readonly body: ReadableStream<Uint8Array>;
  readonly from: 'cache' | 'registry';
}

/** The part of the Cache API that is used. It has no effect on workers.dev, where every blob comes from the registry. */
type BlobCache = Pick<Cache, 'match' | 'put' | 'delete'>;

export class CachedBlobs {
  readonly #readRegistry: (digest: string) => Promise<ReadableStream<Uint8Array>>;
  readonly #cache: BlobCache;

  constructor(options: {
    readRegistry: (digest: string) => Promise<ReadableStream<Uint8Array>>;
    cache: BlobCache;
  }) {
    this.#readRegistry = options.readRegistry;
    this.#cache = options.cache;
  }

  /** @throws {PopserveError} NOT_FOUND when neither the cache nor the registry has the blob */
  async open(digest: string): Promise<OpenBlob> {
    const cached = await this.#cache.match(cacheKey(digest)).catch(() => undefined);
    if (cached?.body) return { body: cached.body, from: 'cache' };
    return await this.openRegistry(digest);
  }

  /** @throws {PopserveError} NOT_FOUND when the registry does not have the blob */
  async openRegistry(digest: string): Promise<OpenBlob> {
    return { body: await this.#readRegistry(digest), from: 'registry' };
  }

  /**
   * Puts a blob whose digest was checked into the cache. It is read a second time for that: splitting the first stream would
   * hold in memory whatever its slower half has not taken yet, up to the whole model.
   * @throws {PopserveError} NOT_FOUND when the registry does not have the blob
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

/** A host name that never resolves, so that only this Worker can have put anything under it. */
function cacheKey(digest: string): string {
  return `https://blobs.popserve.invalid/${digest.replace(':', '/')}`;
}
