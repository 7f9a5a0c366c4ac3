// The model registry: what operators and points of presence can ask of it. Storage is behind the four stores;
// the order of a release (blobs, manifest, route, copy) and every refusal are decided here.
import type { GarbageReport } from './api/garbage.ts';
import type { ModelPage } from './api/models.ts';
import type { RoutePage } from './api/routes.ts';
import type { Blob, BlobBody, BlobInfo, BlobStore, ByteRange } from './blob-store.ts';
import { canonicalJson } from './canonical-json.ts';
import { PopserveError } from './errors.ts';
import { collectGarbage, type GarbageOptions } from './garbage.ts';
import { type Manifest, readManifest } from './manifest.ts';
import type { ManifestInfo, ManifestStore, RetiringManifest, VersionListing } from './manifest-store.ts';
import type { Digest } from './names.ts';
import { registerManifest } from './register-manifest.ts';
import { type RetirementsReport, retireVersion, settledAfterMs, settleRetirements } from './retirement.ts';
import { type Route, type RouteCopy, routedAs, routedVersions } from './route.ts';
import type { RouteAction } from './route-action.ts';
import { buildCopy, type CopiesReport, putNewestCopy, repairCopies } from './route-copies.ts';
import type { RouteCopyStore } from './route-copy-store.ts';
import { lastNamed, readPage } from './route-history.ts';
import type { RouteLog } from './route-log.ts';
import { nextRoute } from './transition.ts';

export interface RegistryStores {
  blobs: BlobStore;
  manifests: ManifestStore;
  routes: RouteLog;
  copies: RouteCopyStore;
}

export interface VersionSummary extends ManifestInfo {
  /** How the newest route names the version; empty if it does not. */
  routedAs: string[];
}

export interface ModelDetails {
  name: string;
  route: Route | null;
  versions: VersionSummary[];
  /** Names that can be registered with the content that they had, and no other. */
  retired: string[];
}

export interface RouteChange {
  route: Route;
  /** False: the action changed nothing, `route` is the one that stood already. */
  created: boolean;
  /** The route stands, but its copy in KV could not be written; the scheduled repair will. */
  copyPending: boolean;
  /** Why, for the log. */
  copyError?: string;
}

export type RepairReport = CopiesReport & RetirementsReport;

export class Registry {
  readonly #stores: RegistryStores;
  readonly #now: () => Date;
  readonly #retentionMs: number;

  /** @param retentionSeconds how long one can roll back: a version that was routed since is not deleted */
  constructor({
    now,
    retentionSeconds = 0,
    ...stores
  }: RegistryStores & { now: () => Date; retentionSeconds?: number }) {
    this.#stores = stores;
    this.#now = now;
    this.#retentionMs = retentionSeconds * 1000;
  }

  /** @returns size and age of a blob, null if it is not there */
  hasBlob(digest: Digest): Promise<BlobInfo | null> {
    return this.#stores.blobs.head(digest);
  }

  /**
   * Stores a blob; one that is there already is left alone and the body unread.
   * @param bytes length of the body
   * @returns whether the blob was stored
   * @throws {PopserveError} UNPROCESSABLE if the body does not have the digest
   */
  async putBlob(digest: Digest, body: BlobBody, bytes: number): Promise<boolean> {
    const stored = await this.#stores.blobs.head(digest);
    if (stored === null) return this.#stores.blobs.create(digest, body);
    if (stored.bytes === bytes) return false;
    throw new PopserveError('UNPROCESSABLE', `${digest} has ${stored.bytes} bytes, got a body of ${bytes}; not stored`);
  }

  /**
   * @param range lies within the blob, see {@link parseRange}
   * @throws {PopserveError} NOT_FOUND
   */
  async getBlob(digest: Digest, range?: ByteRange): Promise<Blob> {
    const blob = await this.#stores.blobs.get(digest, range);
    if (blob === null) throw new PopserveError('NOT_FOUND', `blob ${digest} is not in the registry`);
    return blob;
  }

  /**
   * Registers a version. Repeating it with the same content changes nothing; a missing blob is reported then as well, so
   * that a release can always be completed by repeating it.
   * @param body the manifest as parsed JSON
   * @returns whether it was stored, and the digest of its canonical JSON
   * @throws {PopserveError} UNPROCESSABLE naming every fault; CONFLICT if the version has other content, or had before it was retired
   */
  putManifest(model: string, version: string, body: unknown): Promise<{ created: boolean; digest: Digest }> {
    return registerManifest(this.#stores, model, version, body);
  }

  /** @throws {PopserveError} NOT_FOUND */
  async getManifest(model: string, version: string): Promise<Manifest> {
    const text = await this.#stores.manifests.get(model, version);
    if (text === null) throw notFound(model, version);
    return readManifest(text, model, version);
  }

  /** Names of all models, sorted. @param only these; null: all */
  async modelNames(only: ReadonlySet<string> | null = null): Promise<string[]> {
    const names = await this.#stores.manifests.listModels();
    return names.filter((name) => only === null || only.has(name)).sort();
  }

  /**
   * Models in the order of their names, a page at a time.
   * @param page.only these models; null: all
   */
  async listModels(page: {
    after?: string | undefined;
    limit: number;
    only?: ReadonlySet<string> | null;
  }): Promise<ModelPage> {
    const names = await this.modelNames(page.only);
    const rest = names.filter((name) => page.after === undefined || name > page.after);
    const shown = rest.slice(0, page.limit);
    const models = await Promise.all(
      shown.map(async (name) => {
        const [route, { versions }] = await this.#look(name);
        return { name, versions: versions.length, route };
      }),
    );
    return { models, next: rest.length > shown.length ? (shown.at(-1) ?? null) : null };
  }

  /** @throws {PopserveError} NOT_FOUND */
  async listVersions(model: string): Promise<VersionSummary[]> {
    return (await this.showModel(model)).versions;
  }

  /**
   * @returns the newest route, all versions, the last stored first, and the names that retired versions keep
   * @throws {PopserveError} NOT_FOUND
   */
  async showModel(model: string): Promise<ModelDetails> {
    const [route, { versions, retired }] = await this.#look(model);
    if (route === null && versions.length === 0 && retired.length === 0) throw notFound(model);
    const summaries = versions
      .map((info) => ({ ...info, routedAs: route === null ? [] : routedAs(route, info.version) }))
      .sort((a, b) => b.storedAt.getTime() - a.storedAt.getTime());
    return { name: model, route, versions: summaries, retired };
  }

  /**
   * Retires a version, whose name stays taken; its blobs go with the next garbage collection if no other version names them.
   * @throws {PopserveError} NOT_FOUND; CONFLICT while the newest route names it, or one that was in force within the retention
   */
  async deleteVersion(model: string, version: string): Promise<void> {
    const manifest = await this.getManifest(model, version);
    await retireVersion(this.#stores.manifests, manifest, () => this.#requireUnrouted(model, version));
  }

  /**
   * The switchover: writes the route that follows from the action as the next epoch, then its copy.
   * @param by.ifMatchEpoch the epoch that the operator has seen; 0 for none
   * @throws {PopserveError} NOT_FOUND for an unknown version; CONFLICT if the action does not fit the newest route or the
   *   version, if that route is not the epoch that the operator has seen, or if another writer was first
   */
  async appendRoute(
    model: string,
    action: RouteAction,
    by: { actor: string; ifMatchEpoch?: number },
  ): Promise<RouteChange> {
    const { manifests, routes } = this.#stores;
    const current = await routes.newest(model);
    const epoch = current?.epoch ?? 0;
    if (by.ifMatchEpoch !== undefined && by.ifMatchEpoch !== epoch) {
      throw new PopserveError('CONFLICT', `model '${model}': expected epoch ${by.ifMatchEpoch}, it is at ${epoch}`);
    }
    const wanted = current === null ? action : await this.#passRetired(current, action);
    if ('version' in wanted && wanted.version != null) {
      requireMeasurable(wanted, await this.getManifest(model, wanted.version));
    }
    const route = nextRoute(current, wanted, { model, actor: by.actor, at: this.#now() });
    if (route === current) return { route, created: false, ...(await this.#putCopy(model)) };

    const before = new Set(current === null ? [] : routedVersions(current));
    const added = routedVersions(route).filter((version) => !before.has(version));
    const kept = await Promise.all(added.map((version) => this.getManifest(model, version)));
    if (!(await this.#append(route))) throw await this.#lostRace(route);
    // Put back what a deletion took away between the look at the manifests and the new route.
    await Promise.all(kept.map((manifest) => manifests.create(manifest)));
    return { route, created: true, ...(await this.#putCopy(model)) };
  }

  /** The newest route, from the log itself; null if the model has none. */
  currentRoute(model: string): Promise<Route | null> {
    return this.#stores.routes.newest(model);
  }

  /** What a point of presence reads: may be old, and null for a while although there is a route. */
  readCopy(model: string): Promise<RouteCopy | null> {
    return this.#stores.copies.get(model);
  }

  /** The same as {@link readCopy}, from the log itself; null if the model has no route. */
  async readNewest(model: string): Promise<RouteCopy | null> {
    const route = await this.#stores.routes.newest(model);
    return route === null ? null : buildCopy(route, this.#stores.manifests);
  }

  /**
   * @param page.before only routes of lower epochs
   * @throws {PopserveError} NOT_FOUND if the model is unknown
   */
  async history(model: string, page: { before?: number; limit: number }): Promise<RoutePage> {
    const newest = await this.#stores.routes.newest(model);
    if (newest !== null) return readPage(this.#stores.routes, newest, page.before ?? newest.epoch + 1, page.limit);
    await this.showModel(model);
    return { routes: [], next: null };
  }

  /** For the scheduled handler: gives back what was retired although it is routed, and writes the copies that are missing or behind. */
  async repair(): Promise<RepairReport> {
    const retirements = await this.#settleRetirements(settledAfterMs);
    const copies = await repairCopies(this.#stores);
    return { ...retirements, ...copies, failed: [...retirements.failed, ...copies.failed] };
  }

  /** Removes blobs that no manifest names and that are older than the grace period. */
  async collectGarbage(options: GarbageOptions): Promise<GarbageReport> {
    if (!options.dryRun) await this.#settleRetirements(options.graceSeconds * 1000);
    const isNeeded = (retiring: RetiringManifest) => this.#isNeeded(retiring);
    return collectGarbage({ ...this.#stores, now: this.#now(), isNeeded }, options);
  }

  #look(model: string): Promise<[Route | null, VersionListing]> {
    return Promise.all([this.#stores.routes.newest(model), this.#stores.manifests.listVersions(model)]);
  }

  #settleRetirements(ageMs: number): Promise<RetirementsReport> {
    return settleRetirements(this.#stores.manifests, this.#now(), ageMs, (retiring) => this.#isNeeded(retiring));
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

  /** A rollback without a version passes over those that were retired since. */
  async #passRetired(current: Route, action: RouteAction): Promise<RouteAction> {
    if (action.action !== 'rollback' || action.version !== undefined) return action;
    for (const version of current.previous) {
      if ((await this.#stores.manifests.get(current.model, version)) !== null) return { ...action, version };
    }
    return action;
  }

  async #append(route: Route): Promise<boolean> {
    try {
      return await this.#stores.routes.append(route);
    } catch (error) {
      // R2 refuses writers of one key in quick succession, and an answer can get lost: what stands in the log decides.
      const standing = await this.#stores.routes.get(route.model, route.epoch);
      if (standing === null) throw error;
      return canonicalJson(standing) === canonicalJson(route);
    }
  }

  /** A release stands once its route does: KV refuses more than one write a second to a key, and may be away. */
  async #putCopy(model: string): Promise<Pick<RouteChange, 'copyPending' | 'copyError'>> {
    try {
      await putNewestCopy(model, this.#stores);
      return { copyPending: false };
    } catch (error) {
      return { copyPending: true, copyError: String(error) };
    }
  }

  async #lostRace({ model, epoch }: Route): Promise<PopserveError> {
    const winner = await this.#stores.routes.get(model, epoch);
    const first = winner === null ? '' : ` of ${winner.audit.actor} (${winner.audit.action})`;
    return new PopserveError(
      'CONFLICT',
      `model '${model}': lost to epoch ${epoch}${first}, which was written first; look at it and repeat`,
    );
  }
}

/** A limit that nothing can be measured against would guard nothing. */
function requireMeasurable(action: RouteAction, { model, version, baseline }: Manifest): void {
  if (action.action !== 'canary' || action.limits?.drift === undefined || baseline?.inputs.length) return;
  throw new PopserveError(
    'CONFLICT',
    `model '${model}': a limit on drift needs a baseline of the inputs, version '${version}' has none; publish it with test data, or leave the limit out`,
  );
}

function notFound(model: string, version?: string): PopserveError {
  const what = version === undefined ? `model '${model}'` : `version '${version}' of model '${model}'`;
  return new PopserveError('NOT_FOUND', `${what} is not in the registry`);
}
