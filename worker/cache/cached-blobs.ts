// A model's bytes: from the PoP's own cache, with the registry behind it. The reader checks their digest.
import { cacheKey } from './reserved-path.ts';

interface OpenBlob {
  readonly body: ReadableStream<Uint8Array>;
  readonly from: 'cache' | 'registry';
}

/** The part of the Cache API that is used. It has no effect on workers.dev, where every blob comes from the registry. */
type BlobCache = Pick<Cache, 'match' | 'put' | 'delete'>;

export class CachedBlobs {
  readonly #readRegistry: (digest: string) => Promise<ReadableStream<Uint8Array>>;
  readonly #cache: BlobCache;
  readonly #origin: () => string | null;

  /** @param options.origin of a request that this isolate has answered; null before the first one, which has no cache then */
  constructor(options: {
    readRegistry: (digest: string) => Promise<ReadableStream<Uint8Array>>;
    cache: BlobCache;
    origin: () => string | null;
  }) {
    this.#readRegistry = options.readRegistry;
    this.#cache = options.cache;
    this.#origin = options.origin;
  }

  /** @throws {PopserveError} NOT_FOUND when neither the cache nor the registry has the blob */
  async open(digest: string): Promise<OpenBlob> {
    const key = this.#key(digest);
    const cached = key === null ? undefined : await this.#cache.match(key).catch(() => undefined);
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
    const key = this.#key(digest);
    if (key === null) return;
    const { body } = await this.openRegistry(digest);
    const headers = { 'cache-control': 'public, max-age=31536000, immutable' };
    await this.#cache.put(key, new Response(body, { headers }));
  }

  /** Takes a damaged copy out of the cache. */
  async drop(digest: string): Promise<void> {
    const key = this.#key(digest);
    if (key !== null) await this.#cache.delete(key);
  }

  #key(digest: string): string | null {
    const origin = this.#origin();
    return origin === null ? null : cacheKey(origin, 'blobs', digest.replace(':', '/'));
  }
}
