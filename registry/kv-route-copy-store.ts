// Route copies in KV under route:<model>.
import type { KVNamespace } from '@cloudflare/workers-types';
import { canonicalJson } from './canonical-json.ts';
import { type RouteCopy, routeCopySchema } from './route.ts';
import type { RouteCopyStore } from './route-copy-store.ts';
import { writeOnce } from './write-rate.ts';

/** Seconds for which a point of presence may answer from its own cache: the least that KV allows. */
const cacheTtl = 30;

export class KVRouteCopyStore implements RouteCopyStore {
  readonly #namespace: KVNamespace;

  constructor(namespace: KVNamespace) {
    this.#namespace = namespace;
  }

  async get(model: string): Promise<RouteCopy | null> {
    const text = await this.#namespace.get(keyOf(model), { type: 'text', cacheTtl });
    if (text === null) return null;
    // A copy that cannot be read, from an older release of the code for example, or that is another model's, counts as none: the
    // route is read from R2 then.
    const copy = routeCopySchema.safeParse(jsonOrNull(text)).data;
    return copy?.route.model === model ? copy : null;
  }

  async put(copy: RouteCopy): Promise<void> {
    const key = keyOf(copy.route.model);
    await writeOnce(key, () => this.#namespace.put(key, canonicalJson(copy)));
  }
}

function keyOf(model: string): string {
  return `route:${model}`;
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
