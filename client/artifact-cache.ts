// The store of the local fallback: artifacts, and the version that each model was last known to serve. It is Cache Storage if
// the platform has it, so that a page opened without a network still has both; otherwise it is memory.

export interface Store {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<unknown>;
  delete(url: string): Promise<unknown>;
  /** Oldest first. */
  keys(): Promise<readonly { readonly url: string }[]>;
}

export async function openStore(): Promise<Store> {
  try {
    return await (globalThis as unknown as { caches: { open(name: string): Promise<Store> } }).caches.open('popserve');
  } catch {
    // The platform has none, or refuses it as browsers do in private windows and insecure contexts.
    return memoryStore();
  }
}

/** Ignores a full disk: the caller has the bytes already, they are only not kept. */
export async function put(store: Store, url: string, content: ArrayBuffer | string): Promise<void> {
  await store.put(url, new Response(content)).catch(() => undefined);
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
