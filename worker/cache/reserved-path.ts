// The names of what this Worker keeps in the PoP's cache. The platform wants names of the Worker's own hosts, and may keep a cache for
// each; the path is one that no mount answers, so that nothing from outside is read or stored under it.
// @see https://developers.cloudflare.com/workers/runtime-apis/cache/

export const reservedPath = '/.popserve-cache';

/**
 * @param origin of a request to this Worker
 * @param name free of characters that a URL would change
 */
export function cacheKey(origin: string, kind: 'answers' | 'blobs' | 'probes', name: string): string {
  return `${origin}${reservedPath}/${kind}/${name}`;
}
