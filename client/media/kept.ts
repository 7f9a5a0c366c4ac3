// How many versions' small files are kept beside their artifacts.
import type { Store } from '../artifact-cache.ts';

/** As many as artifacts of one model. */
const mostKept = 3;

/** Deletes all but the newest of a model's files of one kind. */
export async function keepNewest(store: Store, matches: (url: string) => boolean): Promise<void> {
  const urls = (await store.keys()).map(({ url }) => url).filter(matches);
  for (const url of urls.slice(0, -mostKept)) await store.delete(url);
}
