// The R2 bucket that all simulated PoPs share: strongly consistent, in memory, with what the registry uses of R2.
import { createHash } from 'node:crypto';
import { WriteRate } from './write-rate.ts';

export interface StoredObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly etag: string;
  readonly uploadedMs: number;
  readonly customFields: readonly { readonly k: string; readonly v: string }[];
}

export interface ObjectPage {
  readonly objects: readonly StoredObject[];
  readonly prefixes: readonly string[];
  readonly cursor: string | null;
}

/** R2 lists at most so many keys in one call. */
const pageKeys = 1000;

export class ObjectStore {
  readonly #objects = new Map<string, StoredObject>();
  readonly #writes: WriteRate;
  readonly #watchers: ((object: StoredObject) => void)[] = [];

  /** @param writeIntervalMs how long a key takes no further write; what does not come about counts as well */
  constructor(writeIntervalMs: number) {
    this.#writes = new WriteRate(writeIntervalMs);
  }

  /** Called after each object is stored: the simulation knows of a route the moment it stands. */
  watch(watcher: (object: StoredObject) => void): void {
    this.#watchers.push(watcher);
  }

  get(key: string): StoredObject | null {
    return this.#objects.get(key) ?? null;
  }

  /**
   * @param createOnly `onlyIf: {etagDoesNotMatch: '*'}`
   * @param etag `onlyIf: {etagMatches: …}`
   * @param sha256 hex; the bytes must have it
   * @returns what was stored, or why not
   */
  put(
    key: string,
    bytes: Buffer,
    {
      createOnly,
      etag: expected,
      sha256,
      customFields = [],
    }: {
      createOnly: boolean;
      etag?: string | undefined;
      sha256?: string | undefined;
      customFields?: StoredObject['customFields'] | undefined;
    },
  ): StoredObject | 'too-soon' | 'precondition' | 'wrong-digest' {
    if (!this.#writes.take([key], Date.now())) return 'too-soon';
    if (sha256 !== undefined && createHash('sha256').update(bytes).digest('hex') !== sha256) return 'wrong-digest';
    const standing = this.#objects.get(key);
    if (createOnly && standing !== undefined) return 'precondition';
    if (expected !== undefined && standing?.etag !== expected) return 'precondition';
    const etag = createHash('md5').update(bytes).digest('hex');
    const object = { key, bytes, etag, uploadedMs: Date.now(), customFields };
    this.#objects.set(key, object);
    for (const watcher of this.#watchers) watcher(object);
    return object;
  }

  /** @returns whether they are gone; not if one was written too soon before */
  delete(keys: readonly string[]): boolean {
    if (!this.#writes.take(keys, Date.now())) return false;
    for (const key of keys) this.#objects.delete(key);
    return true;
  }

  /** Keys in ascending order; what has the delimiter after the prefix is folded into one prefix. */
  list({
    prefix = '',
    limit = pageKeys,
    delimiter,
    after = '',
  }: {
    prefix?: string | undefined;
    limit?: number | undefined;
    delimiter?: string | undefined;
    after?: string | undefined;
  }): ObjectPage {
    const most = Math.min(limit, pageKeys);
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const objects: StoredObject[] = [];
    const prefixes = new Set<string>();
    let last = '';
    for (const key of keys) {
      const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      const folded = end < 0 ? null : key.slice(0, end + 1);
      if (folded !== null && prefixes.has(folded)) {
        last = key;
        continue;
      }
      if (objects.length + prefixes.size >= most) return { objects, prefixes: [...prefixes], cursor: last };
      last = key;
      const object = this.#objects.get(key);
      if (folded !== null) prefixes.add(folded);
      else if (object) objects.push(object);
    }
    return { objects, prefixes: [...prefixes], cursor: null };
  }
}
