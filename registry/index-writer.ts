// Keeps the index of models in step with the registry. Whoever changes a model marks it first, then changes it, then rewrites the
// index, then takes the mark away. Readers look at the marks before they look at the index, and read a marked model from the registry
// itself: a change that ends half-way, at whatever step, costs reads and never hides what was written.

import type { ManifestStore } from './manifest-store.ts';
import { type IndexEntry, isSameEntry, keptEntry, type ModelIndex, readEntry } from './model-index.ts';
import type { ModelIndexStore } from './model-index-store.ts';
import { settledAfterMs } from './retirement.ts';
import type { Route } from './route.ts';
import type { RouteLog } from './route-log.ts';
import { isWriteRefused } from './write-rate.ts';

/** How often a writer that lost to another tries again; then its mark stays, and the next writer or the scheduled repair ends it. */
const mostTries = 3;
/** A scheduled repair reads at most this many models: the rest is for the next one. */
const mostRepaired = 200;
/** Every model is compared with the registry once in so many repairs: an hour. */
const repairsOfAll = 12;

interface Stores {
  readonly index: ModelIndexStore;
  readonly manifests: ManifestStore;
  readonly routes: RouteLog;
}

/** The stores through which a change writes. */
export type ChangingStores = Pick<Stores, 'manifests' | 'routes'>;

export interface IndexReport {
  /** Models whose entry was missing or differed from the registry. */
  indexed: string[];
}

export class IndexWriter {
  readonly #stores: Stores;
  /** Marks of changes that have ended here, while the index could not be written, and their models. */
  readonly #unsettled = new Map<string, string>();

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /**
   * Carries out a change of a model. It is marked right before the first write, so that a call which is refused writes nothing.
   * @param change given the stores through which it must write
   */
  async change<T>(model: string, change: (stores: ChangingStores) => Promise<T>): Promise<T> {
    const marking = new Marking(() => this.#stores.index.mark(model));
    try {
      return await change({
        manifests: markingManifests(this.#stores.manifests, marking),
        routes: markingRoutes(this.#stores.routes, marking),
      });
    } finally {
      // A write that storage did not answer may still arrive: its mark stays.
      if (marking.id !== null && marking.underWay === 0) await this.#end(model, marking.id, marking.hasWritten);
    }
  }

  async #end(model: string, mark: string, hasWritten: boolean): Promise<void> {
    if (hasWritten) await this.#settle(model, mark);
    else await this.#stores.index.unmark([mark]).catch(() => undefined);
  }

  /** The change stands whatever becomes of this: the mark keeps readers right meanwhile. */
  async #settle(model: string, mark: string): Promise<void> {
    this.#unsettled.set(mark, model);
    try {
      const marks = new Map(this.#unsettled);
      const isWritten = await this.#rewrite([...new Set(marks.values())]);
      if (!isWritten) return;
      for (const id of marks.keys()) this.#unsettled.delete(id);
      await this.#stores.index.unmark([...marks.keys()]);
    } catch {
      // Storage is away: the next change here tries again, or the scheduled repair.
    }
  }

  /** The index is read before the models are: of two writers, the one whose models were read first cannot replace what the other wrote. */
  async #rewrite(models: readonly string[]): Promise<boolean> {
    const { index: store, manifests } = this.#stores;
    for (let tries = 0; tries < mostTries; tries += 1) {
      const { index, etag } = await store.read();
      const changes = await this.#changesOf(index, models);
      if (changes.size === 0 && etag !== null) return true;
      const next = changed(index, changes);
      const complete = index.complete || (etag === null && isCovered(await manifests.listModels(), next));
      if (await store.write({ ...next, complete }, etag)) return true;
    }
    return false;
  }

  /** The entries that differ from the registry; null for a model that is gone. */
  async #changesOf(index: ModelIndex, models: readonly string[]): Promise<Changes> {
    const changes: Changes = new Map();
    for (const model of models) {
      const entry = await readEntry(model, this.#stores);
      const kept = entry === null ? undefined : keptEntry(entry);
      if (!index.models.has(model) || !isSameEntry(index.models.get(model), kept)) changes.set(model, kept);
    }
    return changes;
  }

  /**
   * For the scheduled handler: adds models that are missing, ends changes that nobody ended, and compares a share of the others.
   * @param isAnew takes nothing over from the index: objects were restored without it
   * @param newest routes that were read from the log meanwhile: a model whose entry has another one is compared too
   */
  async repair(now: Date, newest: ReadonlyMap<string, Route | null>, isAnew = false): Promise<IndexReport> {
    const { index: store, manifests } = this.#stores;
    const marks = await store.listMarks();
    const { index: stored, etag } = await store.read();
    const index = isAnew ? { complete: false, models: new Map() } : stored;
    const names = await manifests.listModels();
    const marked = new Set(marks.map(({ model }) => model));
    const turn = Math.floor(now.getTime() / 300_000) % repairsOfAll;
    const isDue = (name: string) =>
      marked.has(name) || !index.models.has(name) || isBehind(index, name, newest) || turnOf(name) === turn;
    const known = new Set(names);
    const gone = [...index.models.keys()].filter((name) => !known.has(name));
    const due = [...new Set([...marked, ...names])].filter(isDue);
    // The ones that readers have to read themselves come first.
    const rank = (name: string) => (marked.has(name) ? 0 : index.models.has(name) ? 2 : 1);
    const read = [...due.toSorted((a, b) => rank(a) - rank(b)), ...gone].slice(0, mostRepaired);
    const changes = await this.#changesOf(index, read);
    const next = changed(index, changes);
    const complete = isCovered(names, next);
    const isWritten =
      (changes.size === 0 && complete === index.complete && etag !== null) ||
      (await store.write({ ...next, complete }, etag));
    if (!isWritten) return { indexed: [] };
    const settled = marks.filter(({ model, sinceAt }) => read.includes(model) && isSettled(sinceAt, now));
    await store.unmark(settled.map(({ id }) => id));
    return { indexed: [...changes.keys()] };
  }
}

type Changes = Map<string, IndexEntry | null | undefined>;

/** Nothing that was marked so long ago is still being written. */
function isSettled(sinceAt: Date, now: Date): boolean {
  return now.getTime() - sinceAt.getTime() >= settledAfterMs;
}

function changed(index: ModelIndex, changes: Changes): ModelIndex {
  const models = new Map(index.models);
  for (const [model, entry] of changes) {
    if (entry === undefined) models.delete(model);
    else models.set(model, entry);
  }
  return { ...index, models };
}

function isCovered(names: readonly string[], { models }: ModelIndex): boolean {
  return names.every((name) => models.has(name));
}

function isBehind(index: ModelIndex, model: string, newest: ReadonlyMap<string, Route | null>): boolean {
  const entry = index.models.get(model);
  const route = newest.get(model);
  return entry != null && route !== undefined && (entry.route?.epoch ?? 0) !== (route?.epoch ?? 0);
}

function turnOf(name: string): number {
  let sum = 0;
  for (let at = 0; at < name.length; at += 1) sum = (sum * 31 + name.charCodeAt(at)) % 65_521;
  return sum % repairsOfAll;
}

/** The mark of one change, and what became of its writes. */
class Marking {
  /** Null before the first write. */
  id: string | null = null;
  /** Something was written: a create-only write that came too late changes nothing. */
  hasWritten = false;
  /** Writes that storage has not answered. */
  underWay = 0;
  readonly #mark: () => Promise<string>;
  #marking: Promise<string> | undefined;

  constructor(mark: () => Promise<string>) {
    this.#mark = mark;
  }

  /** @param write answers whether it has changed anything */
  async write(write: () => Promise<boolean>): Promise<boolean> {
    this.#marking ??= this.#mark();
    this.id = await this.#marking;
    this.underWay += 1;
    try {
      const isWritten = await write();
      this.underWay -= 1;
      this.hasWritten ||= isWritten;
      return isWritten;
    } catch (error) {
      if (isWriteRefused(error)) this.underWay -= 1;
      throw error;
    }
  }
}

function markingManifests(manifests: ManifestStore, marking: Marking): ManifestStore {
  return {
    get: (model, version) => manifests.get(model, version),
    create: (manifest) => marking.write(() => manifests.create(manifest)),
    getTombstone: (model, version) => manifests.getTombstone(model, version),
    retire: async (manifest) => {
      await marking.write(() => manifests.retire(manifest).then(() => true));
    },
    listRetiring: () => manifests.listRetiring(),
    settleRetirement: async (model, version, outcome) => {
      const settle = () => manifests.settleRetirement(model, version, outcome).then(() => true);
      // What is not restored is gone from the lists already.
      if (outcome.restore) await marking.write(settle);
      else await settle();
    },
    listModels: () => manifests.listModels(),
    listVersions: (model) => manifests.listVersions(model),
  };
}

function markingRoutes(routes: RouteLog, marking: Marking): RouteLog {
  return {
    newest: (model) => routes.newest(model),
    get: (model, epoch) => routes.get(model, epoch),
    page: (model, page) => routes.page(model, page),
    append: (route) => marking.write(() => routes.append(route)),
  };
}
