// The routes that an isolate serves from: one snapshot per model, refreshed behind the requests, never on their time.
// A newer route takes over in one assignment, after the versions that it names have been loaded.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Registry } from '../../registry/registry.ts';
import { type Route, type RouteCopy, routedVersions } from '../../registry/route.ts';
import type { RequestScope } from '../runtime/request-scope.ts';
import type { Serving } from '../telemetry/report.ts';
import { resolveVersion } from './resolve.ts';

export interface Resolved {
  readonly manifest: Manifest;
  /** Epoch of the route that the answer follows; 0 for a version of a model without a route. */
  readonly epoch: number;
  readonly aliases: readonly string[];
  /** Sent here by the default route; false: this version was asked for. */
  readonly routed: boolean;
  /** What this isolate's first look at the route took, milliseconds. */
  readonly routeMs: number;
}

export interface Selector {
  readonly model: string;
  /** Version or alias; null for the default. */
  readonly requested: string | null;
  readonly minEpoch: number | null;
  readonly key: string;
}

interface Snapshot {
  readonly copy: RouteCopy;
  readonly serving: Serving;
  checkedAtMs: number;
}

interface Remembered<T> {
  readonly value: T;
  readonly untilMs: number;
}

const mostRemembered = 500;
/** How long a first release may stay invisible to an isolate that was asked for the model too early. */
const longestAbsenceMs = 2_000;

/** What the table needs of the model cache. */
export interface Warmer {
  fitsBeside(manifest: Manifest, others: readonly Manifest[]): boolean;
  warm(manifest: Manifest, scope: RequestScope): Promise<void>;
}

export class RouteTable {
  readonly #registry: Registry;
  readonly #warmer: Warmer;
  readonly #refreshMs: number;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #firstMs = new Map<string, number>();
  readonly #refreshing = new Set<string>();
  /** Models without a route and versions without one: R2 is asked about them once per refresh interval. */
  readonly #withoutRoute = new Map<string, Remembered<true>>();
  readonly #unrouted = new Map<string, Remembered<Manifest | PopserveError>>();

  constructor(options: {
    registry: Registry;
    warmer: Warmer;
    refreshSeconds: number;
    log: (event: string, fields: Record<string, unknown>) => void;
  }) {
    this.#registry = options.registry;
    this.#warmer = options.warmer;
    this.#refreshMs = options.refreshSeconds * 1000;
    this.#log = options.log;
  }

  /**
   * Resolves a request's version once; what it returns stays valid whatever is released meanwhile.
   * @throws PopserveError NOT_FOUND for an unknown model, version or alias; UNAVAILABLE without an active version, or
   *   behind `minEpoch`
   */
  async resolve(selector: Selector, scope: RequestScope): Promise<Resolved> {
    const { model, requested, minEpoch, key } = selector;
    const copy = await this.#copyFor(model, minEpoch, scope);
    const route = copy?.route ?? null;
    const version = await this.#versionOf(model, route, requested, key);
    const routed = copy && Object.hasOwn(copy.manifests, version) ? copy.manifests[version] : undefined;
    const manifest = routed ?? (await this.#unroutedManifest(model, version));
    const aliases = Object.entries(route?.aliases ?? {}).flatMap(([alias, named]) =>
      named === version ? [alias] : [],
    );
    return {
      manifest,
      epoch: route?.epoch ?? 0,
      aliases,
      routed: requested === null,
      routeMs: this.#firstMs.get(model) ?? 0,
    };
  }

  /** What this isolate serves of a model now. */
  serving(model: string): Serving {
    return this.#snapshots.get(model)?.serving ?? nothingServed;
  }

  async #versionOf(model: string, route: RouteCopy['route'] | null, requested: string | null, key: string) {
    try {
      return resolveVersion(model, route, requested, key);
    } catch (error) {
      // Without a route the model may not even exist: say which of the two it is.
      if (route === null) await this.#registry.showModel(model);
      throw error;
    }
  }

  async #copyFor(model: string, minEpoch: number | null, scope: RequestScope): Promise<RouteCopy | null> {
    let snapshot = this.#snapshots.get(model);
    if (!snapshot) await this.#loadFirst(model);
    else if (Date.now() - snapshot.checkedAtMs >= this.#refreshMs) this.#refreshBehind(model, scope);
    snapshot = this.#snapshots.get(model);
    if (minEpoch === null || (snapshot && snapshot.copy.route.epoch >= minEpoch)) return snapshot?.copy ?? null;
    return await this.#catchUp(model, minEpoch, scope);
  }

  /** The very first request of a model loads its route; its version is loaded by the request's own run. */
  async #loadFirst(model: string): Promise<void> {
    const known = this.#withoutRoute.get(model);
    if (known && Date.now() < known.untilMs) return;
    // KV caches absent keys as well: ask R2, else a first release would stay invisible.
    const started = performance.now();
    const copy = (await this.#registry.readCopy(model)) ?? (await this.#registry.readNewest(model));
    if (copy) {
      this.#firstMs.set(model, performance.now() - started);
      this.#install(copy);
    } else remember(this.#withoutRoute, model, true, Math.min(this.#refreshMs, longestAbsenceMs));
  }

  /** For the isolate that wrote a route: it need not wait for its next refresh, nor for KV. */
  learn(model: string, scope: RequestScope): void {
    this.#withoutRoute.delete(model);
    scope.waitUntil(
      this.#registry
        .readNewest(model)
        .then((copy) => (copy ? this.#takeOver(copy, scope) : undefined))
        .catch((error) => this.#log('refresh-failed', { model, error: String(error) })),
    );
  }

  #refreshBehind(model: string, scope: RequestScope): void {
    if (this.#refreshing.has(model)) return;
    this.#refreshing.add(model);
    scope.waitUntil(
      this.#refresh(model, scope)
        .catch((error) => this.#log('refresh-failed', { model, error: String(error) }))
        .finally(() => this.#refreshing.delete(model)),
    );
  }

  async #refresh(model: string, scope: RequestScope): Promise<void> {
    const copy = (await this.#registry.readCopy(model)) ?? (await this.#registry.readNewest(model));
    const snapshot = this.#snapshots.get(model);
    if (snapshot) snapshot.checkedAtMs = Date.now();
    if (copy) await this.#takeOver(copy, scope);
  }

  /** Read-your-release: an isolate behind the asked epoch reads R2 itself before it answers. */
  async #catchUp(model: string, minEpoch: number, scope: RequestScope): Promise<RouteCopy> {
    const copy = await this.#registry.readNewest(model);
    if (copy) await this.#takeOver(copy, scope);
    const current = this.#snapshots.get(model)?.copy;
    if (current && current.route.epoch >= minEpoch) return current;
    throw new PopserveError(
      'UNAVAILABLE',
      `model '${model}' is at epoch ${current?.route.epoch ?? 0} here, the request asks for at least ${minEpoch}`,
      { retryAfterSeconds: 1 },
    );
  }

  /** Loads what the newer route names, then serves from it. A version that fails to load never replaces a working one. */
  async #takeOver(copy: RouteCopy, scope: RequestScope): Promise<void> {
    const current = this.#snapshots.get(copy.route.model)?.copy;
    if (current && copy.route.epoch <= current.route.epoch) return;
    const kept = current ? Object.values(current.manifests) : [];
    const added = routedVersions(copy.route).filter(
      (version) => !current || !Object.hasOwn(current.manifests, version),
    );
    for (const version of added) {
      const manifest = copy.manifests[version];
      if (!manifest) continue;
      if (this.#warmer.fitsBeside(manifest, kept)) await this.#warmer.warm(manifest, scope);
      else {
        // Old and new do not fit together: requests wait for the new one while it takes the old one's room.
        this.#install(copy);
        await this.#warmer.warm(manifest, scope);
      }
    }
    this.#install(copy);
  }

  #install(copy: RouteCopy): void {
    const { model, epoch } = copy.route;
    const current = this.#snapshots.get(model);
    if (current && current.copy.route.epoch >= epoch) return;
    this.#snapshots.set(model, { copy, serving: servingOf(copy.route), checkedAtMs: Date.now() });
    if (current) this.#log('switchover', { model, epoch, from: current.copy.route.epoch });
  }

  async #unroutedManifest(model: string, version: string): Promise<Manifest> {
    const key = `${model}/${version}`;
    const known = this.#unrouted.get(key);
    if (known && Date.now() < known.untilMs) return unwrap(known.value);
    const found = await this.#registry.getManifest(model, version).catch((error: unknown) => {
      if (error instanceof PopserveError && error.code === 'NOT_FOUND') return error;
      throw error;
    });
    remember(this.#unrouted, key, found, this.#refreshMs);
    return unwrap(found);
  }
}

const nothingServed: Serving = { epoch: 0, stable: null, canary: null, held: null };

function servingOf({ epoch, aliases, rollout }: Route): Serving {
  const canary = rollout && { version: rollout.version, percent: rollout.percent };
  return { epoch, stable: aliases.stable ?? null, canary, held: null };
}

function unwrap(found: Manifest | PopserveError): Manifest {
  if (found instanceof PopserveError) throw found;
  return found;
}

/** Bounded: names come from URLs. */
function remember<T>(map: Map<string, Remembered<T>>, key: string, value: T, forMs: number): void {
  const oldest = map.keys().next().value;
  if (map.size >= mostRemembered && oldest !== undefined) map.delete(oldest);
  map.set(key, { value, untilMs: Date.now() + forMs });
}
