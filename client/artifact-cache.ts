// What the local fallback keeps between visits: artifacts, and which version a model was last known to serve. In Cache Storage
// where the platform has it, so that a page that is opened without a network still has both; else in memory.

interface Store {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<unknown>;
  delete(url: string): Promise<boolean>;
  /** In the order in which they were put. */
  keys(): Promise<readonly { readonly url: string }[]>;
}

const cacheName = 'popserve';

export class ArtifactCache {
  #store: Promise<Store> | undefined;

  #open(): Promise<Store> {
    const { caches } = globalThis as { caches?: { open(name: string): Promise<Store> } };
    // Refused in private windows and insecure contexts.
    this.#store ??= caches ? caches.open(cacheName).catch(memoryStore) : Promise.resolve(memoryStore());
    return this.#store;
  }

  async get(url: string): Promise<Response | undefined> {
    return await (await this.#open()).match(url);
  }

  /** A full disk is no reason to fail: the bytes are there, they are only not kept. */
  async put(url: string, content: ArrayBuffer | string): Promise<void> {
    await (await this.#open()).put(url, new Response(content)).catch(() => undefined);
  }

  async delete(url: string): Promise<void> {
    await (await this.#open()).delete(url);
  }

  /** Deletes the oldest of those that are meant. */
  async keepNewest(count: number, isMeant: (url: string) => boolean): Promise<void> {
    const store = await this.#open();
    const urls = (await store.keys()).map(({ url }) => url).filter(isMeant);
    for (const url of urls.slice(0, -count)) await store.delete(url);
  }
}

function memoryStore(): Store {
  const kept = new Map<string, Response>();
  return {
    match: async (url) => kept.get(url)?.clone(),
    put: async (url, response) => kept.set(url, response),
    delete: async (url) => kept.delete(url),
    keys: async () => Array.from(kept.keys(), (url) => ({ url })),
  };
}
