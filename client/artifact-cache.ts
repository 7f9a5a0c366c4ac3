// The store of the local fallback: artifacts, and the version that each model was last known to serve. It is Cache Storage if
// the platform has it, so that a page opened without a network still has both; otherwise it is memory.

interface Store {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<unknown>;
  delete(url: string): Promise<boolean>;
  /** Oldest first. */
  keys(): Promise<readonly { readonly url: string }[]>;
}

const cacheName = 'popserve';

export class ArtifactCache {
  #store: Promise<Store> | undefined;

  #open(): Promise<Store> {
    const { caches } = globalThis as { caches?: { open(name: string): Promise<Store> } };
    // Browsers refuse Cache Storage in private windows and insecure contexts.
    this.#store ??= caches ? caches.open(cacheName).catch(memoryStore) : Promise.resolve(memoryStore());
    return this.#store;
  }

  async get(url: string): Promise<Response | undefined> {
    return await (await this.#open()).match(url);
  }

  /** Ignores a full disk: the caller has the bytes already, they are only not kept. */
  async put(url: string, content: ArrayBuffer | string): Promise<void> {
    await (await this.#open()).put(url, new Response(content)).catch(() => undefined);
  }

  async delete(url: string): Promise<void> {
    await (await this.#open()).delete(url);
  }

  /** Deletes all but the newest `count` of the entries that `matches` selects. */
  async keepNewest(count: number, matches: (url: string) => boolean): Promise<void> {
    const store = await this.#open();
    const urls = (await store.keys()).map(({ url }) => url).filter(matches);
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
