// What an isolate knows of all models, a few seconds old at most: from the index, and from the registry for models that are being
// changed just now. It answers lists, and whether a name is a model's at all, which nobody may make storage be asked with every request.
import { BoundedMap } from './bounded-map.ts';
import { PopserveError } from './errors.ts';
import type { ManifestStore } from './manifest-store.ts';
import { type IndexEntries, type IndexEntry, readEntry } from './model-index.ts';
import type { ModelIndexStore } from './model-index-store.ts';
import { RecentReads } from './recent-reads.ts';
import type { RouteLog } from './route-log.ts';

/** How long a list may lag behind changes that were made elsewhere. */
export const listAgeMs = 5_000;
/** How long a name may be taken for unknown although the model was registered elsewhere. */
export const absenceAgeMs = 2_000;
/** Models that one call reads from the registry itself: the platform allows a request some 1,000 operations, and each takes three. */
export const mostEntriesRead = 250;
const operationsOfEntry = 3;

/** Told how many operations of storage a call has cost; those that others had paid for cost nothing. */
export type Spend = (operations: number) => void;

const spendNothing: Spend = () => undefined;

interface Stores {
  readonly index: ModelIndexStore;
  readonly manifests: ManifestStore;
  readonly routes: RouteLog;
}

interface Known {
  /** Sorted. */
  readonly names: readonly string[];
  readonly has: ReadonlySet<string>;
  /** Entries that say what the registry says. */
  readonly entries: IndexEntries;
  /** Of the other models, as far as they were read since. */
  readonly read: BoundedMap<string, IndexEntry | null>;
}

export class ModelCatalog {
  readonly #stores: Stores;
  readonly #recent: RecentReads<Known>;

  constructor(stores: Stores, now: () => number) {
    this.#stores = stores;
    this.#recent = new RecentReads({ keepMs: listAgeMs, most: 1, now });
  }

  /** A model was changed here: whoever asks from now on sees it. */
  forget(): void {
    this.#recent.forget();
  }

  /** The names of all models, sorted. */
  async names(spend: Spend = spendNothing): Promise<readonly string[]> {
    return (await this.#known(spend, listAgeMs)).names;
  }

  /**
   * Whether there is such a model, so far as that is known without a read.
   * @returns undefined if it is not
   */
  isKnown(model: string): boolean | undefined {
    const known = this.#recent.peek('', absenceAgeMs);
    if (known !== null) return known.is.has.has(model);
    return this.#recent.peek('')?.is.has.has(model) || undefined;
  }

  /** @returns whether there is such a model */
  async has(model: string, spend: Spend = spendNothing): Promise<boolean> {
    return this.isKnown(model) ?? (await this.#known(spend, absenceAgeMs)).has.has(model);
  }

  /** @returns null if there is no such model */
  async entry(model: string, spend: Spend = spendNothing): Promise<IndexEntry | null> {
    if (!(await this.has(model, spend))) return null;
    return (await this.entries([model], spend)).get(model) ?? null;
  }

  /**
   * Whether a version may be there, so far as that is known without a read of storage.
   * @returns undefined if it is not
   */
  hasVersion(model: string, version: string): boolean | undefined {
    const known = this.#recent.peek('', absenceAgeMs)?.is;
    const entry = known?.entries.get(model) ?? known?.read.get(model);
    return entry?.versions.includes(version);
  }

  /** Has all names, and the versions of this model, at hand for the next questions. */
  async refresh(model: string, spend: Spend = spendNothing): Promise<void> {
    if (await this.has(model, spend)) await this.entries([model], spend);
  }

  /**
   * What lists tell of models; a name that is no model's is left out.
   * @throws {PopserveError} UNAVAILABLE where more of them are missing in the index than a call may read
   */
  async entries(names: readonly string[], spend: Spend = spendNothing): Promise<ReadonlyMap<string, IndexEntry>> {
    const known = await this.#known(spend, listAgeMs);
    const found = new Map<string, IndexEntry>();
    const missing: string[] = [];
    for (const name of names) {
      const entry = known.entries.get(name) ?? known.read.get(name);
      if (entry != null) found.set(name, entry);
      else if (known.has.has(name) && !known.read.has(name)) missing.push(name);
    }
    if (missing.length > mostEntriesRead) {
      throw new PopserveError(
        'UNAVAILABLE',
        `${missing.length} models are not in the index yet, and one call reads at most ${mostEntriesRead}: the scheduled repair adds them, ask for fewer or try again later`,
        { retryAfterSeconds: 60 },
      );
    }
    spend(missing.length * operationsOfEntry);
    await Promise.all(
      missing.map(async (name) => {
        const entry = await readEntry(name, this.#stores);
        known.read.set(name, entry);
        if (entry !== null) found.set(name, entry);
      }),
    );
    return found;
  }

  #known(spend: Spend, maxAgeMs: number): Promise<Known> {
    return this.#recent.get('', () => this.#read(spend), maxAgeMs);
  }

  /** The marks first: a change that ended before they were read is in the index by then. */
  async #read(spend: Spend): Promise<Known> {
    const { index: store, manifests } = this.#stores;
    spend(2);
    const marks = await store.listMarks();
    const { index } = await store.read();
    const entries = new Map(index.models);
    const marked = new Set(marks.map(({ model }) => model));
    for (const name of marked) entries.delete(name);
    const names = new Set([...index.models.keys(), ...marked]);
    if (!index.complete) {
      spend(1);
      for (const name of await manifests.listModels()) names.add(name);
    }
    // A change that was refused after its mark was written leaves the name of no model behind.
    const read = new BoundedMap<string, IndexEntry | null>(mostEntriesRead * 2);
    for (const name of marked) {
      if (index.models.has(name)) continue;
      spend(operationsOfEntry);
      const entry = await readEntry(name, this.#stores);
      read.set(name, entry);
      if (entry === null) names.delete(name);
    }
    const sorted = [...names].sort();
    return { names: sorted, has: new Set(sorted), entries, read };
  }
}
