// The model registry, for operators and points of presence. Storage is behind the four stores; every refusal is decided here and in
// the files beside this one. A release has this order: blobs, manifest, route, copy.
import type { GarbageReport } from './api/garbage.ts';
import type { ModelPage } from './api/models.ts';
import type { RoutePage } from './api/routes.ts';
import { appendRoute, type RouteChange } from './append-route.ts';
import type { Blob, BlobBody, BlobInfo, BlobStore, ByteRange } from './blob-store.ts';
import { PopserveError } from './errors.ts';
import { collectGarbage, type GarbageOptions } from './garbage.ts';
import { type ChangingStores, type IndexReport, IndexWriter } from './index-writer.ts';
import type { Manifest } from './manifest.ts';
import { ManifestReader } from './manifest-reader.ts';
import type { ManifestInfo, ManifestStore, RetiringManifest } from './manifest-store.ts';
import { listAgeMs, ModelCatalog, type Spend } from './model-catalog.ts';
import type { IndexEntry } from './model-index.ts';
import type { ModelIndexStore } from './model-index-store.ts';
import type { Digest } from './names.ts';
import { RecentReads } from './recent-reads.ts';
import { registerManifest } from './register-manifest.ts';
import { type RetirementsReport, retireVersion, settledAfterMs, settleRetirements } from './retirement.ts';
import { type Route, type RouteCopy, routedAs } from './route.ts';
import type { RouteAction } from './route-action.ts';
import { buildCopy, type CopiesReport, putNewestCopyPatiently, repairCopies } from './route-copies.ts';
import type { RouteCopyStore } from './route-copy-store.ts';
import { lastNamed } from './route-history.ts';
import type { RouteLog } from './route-log.ts';
import { findStandIn } from './stand-in.ts';
import type { TrialState } from './trial.ts';
import type { TrialStore } from './trial-store.ts';
import { unknownModel } from './unknown-model.ts';
import { type Pause, timerPause, writeIntervalMs, writePatiently } from './write-rate.ts';

export interface RegistryStores {
  blobs: BlobStore;
  manifests: ManifestStore;
  routes: RouteLog;
  copies: RouteCopyStore;
  trials: TrialStore;
  index: ModelIndexStore;
}

export interface VersionSummary extends ManifestInfo {
  /** How the newest route names the version; empty if it does not. */
  routedAs: string[];
}

export interface ModelDetails {
  name: string;
  route: Route | null;
  versions: VersionSummary[];
  /** Names of retired versions, which can be registered again only with the content that they had. */
  retired: string[];
  /** Versions whose manifest cannot be read; absent where there are none. */
  damaged?: string[];
}

export type RepairReport = CopiesReport & RetirementsReport & IndexReport;

export class Registry {
  readonly #stores: RegistryStores;
  readonly #now: () => Date;
  readonly #retentionMs: number;
  readonly #pause: Pause;
  readonly #catalog: ModelCatalog;
  readonly #writer: IndexWriter;
  readonly #dryRuns: RecentReads<GarbageReport>;

  /**
   * @param retentionSeconds how long a rollback stays possible: a version that was routed within that time is not deleted
   * @param pause waits until a key that was written just now takes another write
   */
  constructor({
    now,
    retentionSeconds = 0,
    pause = timerPause,
    ...stores
  }: RegistryStores & { now: () => Date; retentionSeconds?: number; pause?: Pause }) {
    this.#stores = stores;
    this.#now = now;
    this.#retentionMs = retentionSeconds * 1000;
    this.#pause = pause;
    const clock = () => now().getTime();
    this.#catalog = new ModelCatalog(stores, clock);
    this.#writer = new IndexWriter(stores);
    this.#dryRuns = new RecentReads({ keepMs: listAgeMs, most: 1, fromEnd: true, now: clock });
  }

  /**
   * @param uploader who is told only of blobs that it has sent; null for everybody else
   * @returns size and age of a blob; null if it is not there
   */
  async hasBlob(digest: Digest, uploader: string | null = null): Promise<BlobInfo | null> {
    const { blobs } = this.#stores;
    if (uploader !== null && !(await blobs.isUploadedBy(digest, uploader))) return null;
    return await blobs.head(digest);
  }

  /**
   * Stores a blob. If it is there already, nothing is stored and the body is not read.
   * @param bytes length of the body
   * @param uploader who may name only blobs that it has sent, and so is recorded: its body is always read and checked; null for
   *   everybody else
   * @returns whether the blob was stored
   * @throws {PopserveError} UNPROCESSABLE when the body does not have the digest, or not the length of the blob that is there; CONFLICT
   *   when an uploader sends what somebody else stores at the same time
   */
  async putBlob(digest: Digest, body: BlobBody, bytes: number, uploader: string | null = null): Promise<boolean> {
    const { blobs } = this.#stores;
    const stored = await blobs.head(digest);
    if (stored === null) {
      const created = await blobs.create(digest, body);
      if (uploader === null) return created;
      // Storage does not look at the bytes of a blob that is there, so they prove nothing.
      if (!created)
        throw new PopserveError('CONFLICT', `${digest} was stored by another call at the same time; repeat`);
      await blobs.addUploader(digest, uploader);
      return created;
    }
    if (stored.bytes === bytes) {
      if (uploader === null || (await blobs.isUploadedBy(digest, uploader))) return false;
      await blobs.confirm(digest, body);
      await blobs.addUploader(digest, uploader);
      return false;
    }
    throw new PopserveError('UNPROCESSABLE', `${digest} has ${stored.bytes} bytes, got a body of ${bytes}; not stored`);
  }

  /**
   * @param range lies within the blob, see {@link parseRange}
   * @throws {PopserveError} NOT_FOUND when the blob is not there
   */
  async getBlob(digest: Digest, range?: ByteRange): Promise<Blob> {
    const blob = await this.#stores.blobs.get(digest, range);
    if (blob === null) throw new PopserveError('NOT_FOUND', `blob ${digest} is not in the registry`);
    return blob;
  }

  /**
   * Registers a version. Repeating it with the same content changes nothing, but a missing blob is reported then as well: a release
   * that ended half-way is completed by repeating it.
   * @param body the manifest as parsed JSON
   * @param uploader who may name only blobs that it has sent, or that a version of the model names; null for everybody else
   * @returns whether it was stored, and the digest of its canonical JSON
   * @throws {PopserveError} UNPROCESSABLE when the manifest is not valid, naming every fault; CONFLICT when the version has other
   *   content, had other content before it was retired, or was deleted at the same time; PERMISSION_DENIED for another's blob
   */
  putManifest(
    model: string,
    version: string,
    body: unknown,
    uploader: string | null = null,
  ): Promise<{ created: boolean; digest: Digest }> {
    return this.#change(model, (changing) =>
      registerManifest({ ...this.#stores, ...changing }, model, version, body, uploader),
    );
  }

  /** @throws {PopserveError} NOT_FOUND when the model is not there, or the version of it */
  async getManifest(model: string, version: string): Promise<Manifest> {
    return await this.#ofModel(model, () => new ManifestReader(this.#stores.manifests, model).get(version));
  }

  /**
   * The names of all models, sorted.
   * @param only leaves out all others; null for none
   * @param spend told how many operations of storage that has cost
   */
  async modelNames(only: ReadonlySet<string> | null = null, spend?: Spend): Promise<string[]> {
    const names = await this.#catalog.names(spend);
    return names.filter((name) => only === null || only.has(name));
  }

  /**
   * Models in the order of their names, a page at a time: as they were a few seconds ago at most, and as they are after a change
   * through this object.
   * @param page.only leaves out all others; null for none
   * @param spend told how many operations of storage that has cost
   */
  async listModels(
    page: { after?: string | undefined; limit: number; only?: ReadonlySet<string> | null },
    spend?: Spend,
  ): Promise<ModelPage> {
    const names = await this.modelNames(page.only, spend);
    const rest = names.filter((name) => page.after === undefined || name > page.after);
    const shown = rest.slice(0, page.limit);
    const entries = await this.#catalog.entries(shown, spend);
    const models = shown.flatMap((name) => {
      const entry = entries.get(name);
      if (entry === undefined) return [];
      const { versions, route, damaged } = entry;
      return [{ name, versions: versions.length, route, ...(damaged ? { damaged } : {}) }];
    });
    return { models, next: rest.length > shown.length ? (shown.at(-1) ?? null) : null };
  }

  /**
   * The versions of models, the last stored first, as {@link listModels} tells of them.
   * @param spend told how many operations of storage that has cost
   */
  async versionsOf(models: readonly string[], spend?: Spend): Promise<ReadonlyMap<string, readonly string[]>> {
    const entries = await this.#catalog.entries(models, spend);
    return new Map([...entries].map(([name, { versions }]) => [name, versions]));
  }

  /**
   * The names of a model's versions, the last stored first, as {@link listModels} tells of them.
   * @throws {PopserveError} NOT_FOUND when there is no such model
   */
  async versionNames(model: string): Promise<readonly string[]> {
    return (await this.#requireEntry(model)).versions;
  }

  /**
   * Asks storage at most once in a while for any number of names.
   * @throws {PopserveError} NOT_FOUND when there is no such model
   */
  async requireModel(model: string): Promise<void> {
    if (!(await this.#catalog.has(model))) throw unknownModel(model);
  }

  /** Has all names and the versions of this model at hand, so that {@link isKnown} and {@link isKnownVersion} can tell. */
  async refreshLists(model: string): Promise<void> {
    await this.#catalog.refresh(model);
  }

  /** Whether there is such a model, so far as that is known without a read of storage; undefined if it is not. */
  isKnown(model: string): boolean | undefined {
    return this.#catalog.isKnown(model);
  }

  /** The same of a version of a model. */
  isKnownVersion(model: string, version: string): boolean | undefined {
    return this.#catalog.isKnown(model) === false ? false : this.#catalog.hasVersion(model, version);
  }

  /**
   * @returns the newest route, all versions with the last stored first, and the names of retired versions
   * @throws {PopserveError} NOT_FOUND when there is no such model
   */
  async showModel(model: string): Promise<ModelDetails> {
    if (this.#catalog.isKnown(model) === false) throw unknownModel(model);
    const [route, { versions, retired, damaged }] = await Promise.all([
      this.#stores.routes.newest(model),
      this.#stores.manifests.listVersions(model),
    ]);
    if (route === null && versions.length === 0 && retired.length === 0 && damaged.length === 0) {
      // Names come from URLs: the next ones that are not there cost nothing.
      await this.#catalog.refresh(model);
      throw unknownModel(model);
    }
    const summaries = versions
      .map((info) => ({ ...info, routedAs: route === null ? [] : routedAs(route, info.version) }))
      .sort((a, b) => b.storedAt.getTime() - a.storedAt.getTime());
    const unread = damaged.length === 0 ? {} : { damaged: damaged.map(({ version }) => version) };
    return { name: model, route, versions: summaries, retired, ...unread };
  }

  /**
   * Retires a version. Its name stays taken; its blobs are garbage from then on if no other version names them.
   * @throws {PopserveError} NOT_FOUND when the version is not there; CONFLICT while the newest route names it, or a route that was in
   *   force within the retention
   */
  async deleteVersion(model: string, version: string): Promise<void> {
    const manifest = await this.getManifest(model, version);
    await this.#change(model, ({ manifests }) =>
      retireVersion(manifests, manifest, () => this.#requireUnrouted(model, version), this.#pause),
    );
  }

  /**
   * The switchover: writes the route that follows from the action as the next epoch, then its copy.
   * @param by.ifMatchEpoch the epoch that the operator has seen; 0 for none
   * @throws {PopserveError} NOT_FOUND for an unknown model or version; CONFLICT when the action does not fit the newest route or the
   *   version, when that route is not the epoch that the operator has seen, or when another writer was first
   */
  appendRoute(model: string, action: RouteAction, by: { actor: string; ifMatchEpoch?: number }): Promise<RouteChange> {
    return this.#ofModel(model, () =>
      this.#change(model, (changing) =>
        appendRoute({ ...this.#stores, ...changing }, model, action, { ...by, at: this.#now() }, this.#pause),
      ),
    );
  }

  /**
   * Writes a copy that {@link appendRoute} left pending, after the second in which KV takes no other.
   * @returns why it is left to the scheduled repair; null if it is written
   */
  async completeCopy(model: string): Promise<string | null> {
    await this.#pause(writeIntervalMs);
    return await putNewestCopyPatiently(model, this.#stores, this.#pause).then(() => null, String);
  }

  /** The newest route from the log; null if the model has none. */
  currentRoute(model: string): Promise<Route | null> {
    return this.#stores.routes.newest(model);
  }

  /** The route of an epoch from the log; null if there is none. */
  routeAt(model: string, epoch: number): Promise<Route | null> {
    return this.#stores.routes.get(model, epoch);
  }

  /** The copy that points of presence read. It may be old, and null for a while although there is a route. */
  readCopy(model: string): Promise<RouteCopy | null> {
    return this.#stores.copies.get(model);
  }

  /**
   * The same as {@link readCopy}, but made from the log; null if the model has no route.
   * @throws {PopserveError} INTERNAL when the route names a version whose manifest is gone
   */
  async readNewest(model: string): Promise<RouteCopy | null> {
    const route = await this.#stores.routes.newest(model);
    return route === null ? null : buildCopy(route, new ManifestReader(this.#stores.manifests, model));
  }

  /** The trials of a version: see trial.ts. */
  readTrial(model: string, version: string): Promise<TrialState> {
    return this.#stores.trials.read(model, version);
  }

  /** @returns false if the attempt of this number was begun by another */
  beginTrial(model: string, version: string, attempt: { number: number; by: string; pop: string }): Promise<boolean> {
    // Of two isolates that begin at once, the second waits until storage tells it that it was the second.
    return writePatiently(this.#pause, () => this.#stores.trials.begin(model, version, attempt));
  }

  failTrial(
    model: string,
    version: string,
    attempt: { number: number; by: string; pop: string },
    reason: string,
  ): Promise<void> {
    // The attempt was begun under the same key, maybe less than a second ago.
    return writePatiently(this.#pause, () => this.#stores.trials.fail(model, version, attempt, reason));
  }

  abandonTrial(model: string, version: string, number: number): Promise<void> {
    return writePatiently(this.#pause, () => this.#stores.trials.abandon(model, version, number));
  }

  /** The version has loaded and run. If it is routed, the copy says so too, so that the other points of presence need not ask. */
  async proveVersion(model: string, version: string): Promise<void> {
    const { trials } = this.#stores;
    await trials.prove(model, version);
    await Promise.all([
      writePatiently(this.#pause, () => trials.clear(model, version)),
      this.#copyIfRouted(model, version),
    ]);
  }

  /**
   * Lets a version be tried again whose trials have failed.
   * @throws {PopserveError} NOT_FOUND when the version is not there
   */
  async retryVersion(model: string, version: string): Promise<void> {
    await this.getManifest(model, version);
    await this.#stores.trials.clear(model, version);
  }

  /**
   * The route that serves where the stable version of the newest one has begun a trial that has not ended well.
   * @returns null where the newest route serves, or where no earlier one is better
   */
  readStandIn(newest: RouteCopy): Promise<RouteCopy | null> {
    return findStandIn(newest, this.#stores);
  }

  /**
   * The newest route from the log; null if the model has none.
   * @throws {PopserveError} NOT_FOUND when there is no such model
   */
  async routeOf(model: string): Promise<Route | null> {
    if (this.#catalog.isKnown(model) === false) throw unknownModel(model);
    const route = await this.#stores.routes.newest(model);
    if (route === null) await this.requireModel(model);
    return route;
  }

  /**
   * The routes of a model, newest first. One that cannot be read is named and does not hide the others.
   * @param page.before only routes of lower epochs
   * @param spend told how many operations of storage that has cost
   * @throws {PopserveError} NOT_FOUND when there is no such model
   */
  async history(model: string, page: { before?: number; limit: number }, spend?: Spend): Promise<RoutePage> {
    if (this.#catalog.isKnown(model) === false) throw unknownModel(model);
    const { routes, damaged, next, reads } = await this.#stores.routes.page(model, page);
    spend?.(1 + reads);
    if (routes.length === 0 && damaged.length === 0) await this.requireModel(model);
    return { routes, next, ...(damaged.length === 0 ? {} : { damaged }) };
  }

  /**
   * For the scheduled handler: restores versions that were retired although they are routed, and writes copies and entries of the index
   * that are missing or old.
   * @param options.anew makes the index anew, for a registry that was changed by other means
   */
  async repair({ anew = false } = {}): Promise<RepairReport> {
    const retirements = await this.#settleRetirements(settledAfterMs);
    const newest = new Map<string, Route | null>();
    const { routes } = this.#stores;
    const noted: Pick<RouteLog, 'newest'> = {
      newest: async (model) => {
        const route = await routes.newest(model);
        newest.set(model, route);
        return route;
      },
    };
    const copies = await repairCopies({ ...this.#stores, routes: noted }, this.#pause);
    const failed = [...retirements.failed, ...copies.failed];
    try {
      const { indexed } = await this.#writer.repair(this.#now(), newest, anew);
      return { ...retirements, ...copies, indexed, failed };
    } catch (error) {
      return { ...retirements, ...copies, indexed: [], failed: [...failed, { model: '', error: String(error) }] };
    } finally {
      this.#catalog.forget();
    }
  }

  /**
   * Removes blobs that no manifest names and that are older than the grace period. What a dry run finds is told again for a few
   * seconds, since each lists the whole store.
   * @param spend told how many operations of storage that has cost
   */
  async collectGarbage(options: GarbageOptions, spend?: Spend): Promise<GarbageReport> {
    const isNeeded = (retiring: RetiringManifest) => this.#isNeeded(retiring);
    const collect = () => collectGarbage({ ...this.#stores, now: this.#now(), isNeeded, spend }, options);
    if (options.dryRun) return await this.#dryRuns.get(String(options.graceSeconds), collect);
    this.#dryRuns.forget();
    await this.#settleRetirements(options.graceSeconds * 1000);
    return await collect();
  }

  async #copyIfRouted(model: string, version: string): Promise<void> {
    const route = await this.#stores.routes.newest(model);
    if (route === null || routedAs(route, version).length === 0) return;
    // The scheduled repair writes a copy that is missing.
    await putNewestCopyPatiently(model, this.#stores, this.#pause).catch(() => undefined);
  }

  /** Has the change marked in the index, and lists read anew here from then on. */
  async #change<T>(model: string, change: (stores: ChangingStores) => Promise<T>): Promise<T> {
    try {
      return await this.#writer.change(model, change);
    } finally {
      this.#catalog.forget();
      this.#dryRuns.forget();
    }
  }

  /** Names the model as missing where it is, instead of what the call did not find of it. */
  async #ofModel<T>(model: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isAboutModel = error instanceof PopserveError && (error.code === 'NOT_FOUND' || error.code === 'CONFLICT');
      // An index that cannot be read just now hides no other fault.
      if (isAboutModel && !(await this.#catalog.has(model).catch(() => true))) throw unknownModel(model);
      throw error;
    }
  }

  async #requireEntry(model: string): Promise<IndexEntry> {
    const entry = await this.#catalog.entry(model);
    if (entry === null) throw unknownModel(model);
    return entry;
  }

  #settleRetirements(ageMs: number): Promise<RetirementsReport> {
    const { manifests } = this.#stores;
    const settling: Pick<ManifestStore, 'listRetiring' | 'settleRetirement'> = {
      listRetiring: () => manifests.listRetiring(),
      settleRetirement: (model, version, outcome) =>
        this.#change(model, (changing) => changing.manifests.settleRetirement(model, version, outcome)),
    };
    const isNeeded = (retiring: RetiringManifest) => this.#isNeeded(retiring);
    return settleRetirements(settling, { now: this.#now(), ageMs, isNeeded, pause: this.#pause });
  }

  async #isNeeded({ model, version }: RetiringManifest): Promise<boolean> {
    try {
      await this.#requireUnrouted(model, version);
      return false;
    } catch (error) {
      if (error instanceof PopserveError && error.code === 'CONFLICT') return true;
      throw error;
    }
  }

  async #requireUnrouted(model: string, version: string): Promise<void> {
    const route = await this.#stores.routes.newest(model);
    if (route === null) return;
    const uses = routedAs(route, version);
    if (uses.length > 0) {
      const how = uses.join(', ');
      throw new PopserveError('CONFLICT', `model '${model}': version '${version}' is still routed as ${how}`);
    }
    if (this.#retentionMs === 0) return;
    const last = await lastNamed(this.#stores.routes, route, version, this.#now().getTime() - this.#retentionMs);
    if (last === null) return;
    const until = new Date((last.untilMs ?? 0) + this.#retentionMs).toISOString();
    throw new PopserveError(
      'CONFLICT',
      `model '${model}': version '${version}' was routed at epoch ${last.route.epoch} and is kept for a rollback until ${until}`,
    );
  }
}
