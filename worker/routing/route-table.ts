// The routes that an isolate serves from: one snapshot per model, refreshed behind the requests, never on their time.
// A newer route takes over in one assignment, after the versions that it names have been loaded.
import { BoundedMap } from '../../registry/bounded-map.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Registry } from '../../registry/registry.ts';
import { type Route, type RouteCopy, routedVersions } from '../../registry/route.ts';
import type { RequestScope } from '../request-scope.ts';
import { resolveVersion } from './resolve.ts';
import { RouteLooks } from './route-looks.ts';
import type { Serving } from './serving.ts';
import { isHeldBack } from './takeover.ts';

export interface Resolved {
  readonly manifest: Manifest;
  /** Epoch of the route that the answer follows; 0 for a version of a model without a route. */
  readonly epoch: number;
  /** null for a version of a model without one. */
  readonly route: Route | null;
  /** Sent here by the default route; false: this version was asked for. */
  readonly routed: boolean;
  /** What this isolate's first look at the route took, milliseconds. */
  readonly routeMs: number;
  /** What answers where a rollout sent the request and its version is not to be had; null: nothing does. */
  readonly fallback: Manifest | null;
  /** The rollout's version that should have answered, where its fallback does; null otherwise. */
  readonly insteadOf: string | null;
  /** What runs along on a share of the requests that `stable` answers. */
  readonly shadow: { readonly manifest: Manifest; readonly percent: number } | null;
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
  serving: Serving;
  checkedAtMs: number;
}

/** A version on its way into the room of the one before it, and the route that is to serve it. */
interface Swap {
  readonly copy: RouteCopy;
  readonly manifest: Manifest;
}

/** Models and versions; their names come from URLs. */
const mostRemembered = 500;
/** How long a first release may stay invisible to an isolate that was asked for the model too early. */
const longestAbsenceMs = 2_000;

/** A refresh that has not come back by then belonged to a request that died, and its reads with it. */
const refreshLostMs = 30_000;

/** What the table needs of the model cache. */
export interface Warmer {
  fitsBeside(manifest: Manifest, others: readonly Manifest[]): boolean;
  /** Whether the version could be loaded, as far as its bytes and its last load tell, without loading it; throws the reason if not. */
  verify(manifest: Manifest): Promise<void>;
  warm(manifest: Manifest, scope: RequestScope): Promise<void>;
}

export class RouteTable {
  readonly #registry: Registry;
  readonly #warmer: Warmer;
  readonly #refreshMs: number;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #firstMs = new Map<string, number>();
  readonly #swaps = new Map<string, Swap>();
  readonly #looks: RouteLooks;
  /** When the refresh under way began. */
  readonly #refreshing = new Map<string, number>();
  /** Models without a route and versions without one: R2 is asked about them once per refresh interval. */
  readonly #withoutRoute = new BoundedMap<string, { readonly untilMs: number }>(mostRemembered);
  readonly #unrouted = new BoundedMap<string, { readonly found: Manifest | PopserveError; readonly untilMs: number }>(
    mostRemembered,
  );

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
    this.#looks = new RouteLooks((model) => options.registry.readNewest(model).catch(unreachable));
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
    const named = copy && Object.hasOwn(copy.manifests, version) ? copy.manifests[version] : undefined;
    const manifest = named ?? (await this.#unroutedManifest(model, version));
    const routed = requested === null;
    const stable = copy?.route.aliases.stable ?? '';
    const candidate = copy?.route.shadow ?? null;
    const shadowed = routed && version === stable ? copy?.manifests[candidate?.version ?? ''] : undefined;
    return {
      ...{ manifest, epoch: route?.epoch ?? 0, route, routed },
      insteadOf: null,
      fallback: routed && version !== stable ? (copy?.manifests[stable] ?? null) : null,
      shadow: candidate && shadowed ? { manifest: shadowed, percent: candidate.percent } : null,
      routeMs: this.#firstMs.get(model) ?? 0,
    };
  }

  /** What this isolate's first look at the model's route took, milliseconds; 0 if it has not looked. */
  firstLookMs(model: string): number {
    return this.#firstMs.get(model) ?? 0;
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
      if (route === null) await this.#registry.showModel(model).catch(unreachable);
      throw error;
    }
  }

  async #copyFor(model: string, minEpoch: number | null, scope: RequestScope): Promise<RouteCopy | null> {
    let snapshot = this.#snapshots.get(model);
    if (!snapshot) await this.#loadFirst(model);
    else if (Date.now() - snapshot.checkedAtMs >= this.#refreshMs) this.#refreshBehind(model, scope);
    const swap = this.#swaps.get(model);
    if (swap) await this.#finishSwap(swap, scope);
    snapshot = this.#snapshots.get(model);
    if (minEpoch === null || (snapshot && snapshot.copy.route.epoch >= minEpoch)) return snapshot?.copy ?? null;
    return await this.#catchUp(model, minEpoch, scope);
  }

  /** The very first request of a model loads its route; its version is loaded by the request's own run. */
  async #loadFirst(model: string): Promise<void> {
    const known = this.#withoutRoute.get(model);
    if (known && Date.now() < known.untilMs) return;
    const started = performance.now();
    const copy = await this.#read(model).catch((cause: unknown) => {
      this.#log('refresh-failed', { model, error: String(cause) });
      throw new PopserveError('UNAVAILABLE', `model '${model}': the registry cannot be read; try again`, {
        retryAfterSeconds: 1,
        cause,
      });
    });
    if (copy) {
      this.#firstMs.set(model, performance.now() - started);
      this.#install(copy);
    } else {
      const absentMs = Math.min(this.#refreshMs, longestAbsenceMs);
      this.#withoutRoute.set(model, { untilMs: Date.now() + absentMs });
    }
  }

  /** For the isolate that wrote a route: it need not wait for its next refresh, nor for KV. */
  learn(model: string, scope: RequestScope): void {
    this.#withoutRoute.delete(model);
    this.#looks.forget(model);
    scope.waitUntil(
      this.#registry
        .readNewest(model)
        .then((copy) => (copy ? this.#takeOver(copy, scope) : undefined))
        .catch((error) => this.#log('refresh-failed', { model, error: String(error) })),
    );
  }

  #refreshBehind(model: string, scope: RequestScope): void {
    const startedAtMs = Date.now();
    if (startedAtMs - (this.#refreshing.get(model) ?? 0) < refreshLostMs) return;
    this.#refreshing.set(model, startedAtMs);
    scope.waitUntil(
      this.#refresh(model, scope)
        .catch((error) => this.#log('refresh-failed', { model, error: String(error) }))
        .finally(() => {
          if (this.#refreshing.get(model) === startedAtMs) this.#refreshing.delete(model);
        }),
    );
  }

  /** KV caches absent keys as well, and can be away: R2 is asked then, else a first release would stay invisible. */
  async #read(model: string): Promise<RouteCopy | null> {
    const copy = await this.#registry.readCopy(model).catch((error: unknown) => {
      this.#log('route-copy-unreadable', { model, error: String(error) });
      return null;
    });
    return copy ?? (await this.#registry.readNewest(model));
  }

  async #refresh(model: string, scope: RequestScope): Promise<void> {
    const copy = await this.#read(model);
    const snapshot = this.#snapshots.get(model);
    if (snapshot) snapshot.checkedAtMs = Date.now();
    if (copy) await this.#takeOver(copy, scope);
  }

  /** Read-your-release: an isolate behind the asked epoch reads R2 itself before it answers; {@link RouteLooks} says how often. */
  async #catchUp(model: string, minEpoch: number, scope: RequestScope): Promise<RouteCopy> {
    const copy = await this.#looks.newest(model, minEpoch, scope);
    if (copy) await this.#takeOver(copy, scope);
    const snapshot = this.#snapshots.get(model);
    const current = snapshot?.copy;
    if (current && current.route.epoch >= minEpoch) {
      this.#looks.forget(model);
      return current;
    }
    const held = snapshot?.serving.held;
    throw new PopserveError(
      'UNAVAILABLE',
      `model '${model}' is at epoch ${current?.route.epoch ?? 0} here, the request asks for at least ${minEpoch}` +
        (held ? `; epoch ${held.epoch} is held back: ${held.reason}` : ''),
      { retryAfterSeconds: 1 },
    );
  }

  /** Loads what the newer route names, then serves from it; {@link isHeldBack} says what happens if not all can be loaded. */
  async #takeOver(copy: RouteCopy, scope: RequestScope): Promise<void> {
    const { route, manifests } = copy;
    const current = this.#snapshots.get(route.model)?.copy;
    if (current && route.epoch <= current.route.epoch) return;
    const kept = current ? Object.values(current.manifests) : [];
    const failed = new Map<string, string>();
    for (const version of addedVersions(current?.route ?? null, route)) {
      const manifest = manifests[version];
      if (!manifest) continue;
      try {
        const others = kept.filter((other) => other.version !== version);
        if (this.#warmer.fitsBeside(manifest, others)) {
          await this.#warmer.warm(manifest, scope);
          kept.push(manifest);
        } else if (version === route.aliases.stable) {
          await this.#swap({ copy, manifest }, scope);
        }
        // Anything else that does not fit is loaded when it is asked for.
      } catch (error) {
        failed.set(version, messageOf(error));
        // Without its stable the route is held back: the rest of it is of no use yet.
        if (version === route.aliases.stable) break;
      }
    }
    if (!isHeldBack(current?.route ?? null, route, new Set(failed.keys()))) this.#install(copy);
    else this.#hold(route, [...failed.values()].join('; '));
  }

  /**
   * Where old and new do not fit together: requests wait for the new one while it takes the old one's room, and for the old one again
   * if it cannot. What cannot work shows before that, as far as the bytes tell.
   * @throws the reason why the new one is not served; the old one is loaded again by then
   */
  async #swap(swap: Swap, scope: RequestScope): Promise<void> {
    const { model } = swap.copy.route;
    await this.#warmer.verify(swap.manifest);
    this.#swaps.set(model, swap);
    const failure = await this.#finishSwap(swap, scope);
    if (failure === null) return;
    const old = this.#snapshots.get(model)?.copy;
    const stable = old?.manifests[old.route.aliases.stable ?? ''];
    // A request that comes first loads it just as well.
    if (stable) await this.#warmer.warm(stable, scope).catch(() => undefined);
    throw failure;
  }

  /**
   * Run by the refresh that found the route and by each request that waits for it: the load is shared, and outlives the request that
   * began it. The route serves from when its stable is ready, never before: until then the isolate has not answered from its epoch.
   * @returns why the new version is not served, null if it is
   */
  async #finishSwap(swap: Swap, scope: RequestScope): Promise<unknown> {
    const { copy, manifest } = swap;
    const { model } = copy.route;
    try {
      await this.#warmer.warm(manifest, scope);
      this.#install(copy);
      return null;
    } catch (error) {
      this.#hold(copy.route, messageOf(error));
      return error;
    } finally {
      if (this.#swaps.get(model) === swap) this.#swaps.delete(model);
    }
  }

  /** The route in use goes on serving; the newer one is tried again with each refresh, its loads with growing pauses. */
  #hold({ model, epoch }: Route, reason: string): void {
    const snapshot = this.#snapshots.get(model);
    if (!snapshot || snapshot.copy.route.epoch >= epoch) return;
    const { held } = snapshot.serving;
    if (held?.epoch === epoch && held.reason === reason) return;
    snapshot.serving = { ...snapshot.serving, held: { epoch, reason } };
    this.#log('takeover-held', { model, epoch, serving: snapshot.copy.route.epoch, reason });
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
    if (known && Date.now() < known.untilMs) return unwrap(known.found);
    const found = await this.#registry.getManifest(model, version).catch((error: unknown) => {
      if (error instanceof PopserveError && error.code === 'NOT_FOUND') return error;
      return unreachable(error);
    });
    this.#unrouted.set(key, { found, untilMs: Date.now() + this.#refreshMs });
    return unwrap(found);
  }
}

/**
 * What a newer route names and the present one does not, the one that most depends on first. A version that gets default traffic
 * which it did not have counts too: a canary that no request has met here may never have been loaded before it is promoted.
 */
function addedVersions(current: Route | null, next: Route): string[] {
  const known = new Set(current ? routedVersions(current) : []);
  if (next.aliases.stable !== current?.aliases.stable) known.delete(next.aliases.stable ?? '');
  if (next.rollout?.version !== current?.rollout?.version) known.delete(next.rollout?.version ?? '');
  const rank = (version: string) => (version === next.aliases.stable ? 0 : version === next.rollout?.version ? 1 : 2);
  return routedVersions(next)
    .filter((version) => !known.has(version))
    .sort((a, b) => rank(a) - rank(b));
}

const nothingServed: Serving = { epoch: 0, stable: null, canary: null, held: null };

function servingOf({ epoch, aliases, rollout }: Route): Serving {
  const canary = rollout && { version: rollout.version, percent: rollout.percent };
  return { epoch, stable: aliases.stable ?? null, canary, held: null };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Storage that fails is no fault of the request nor of the code: 503, to be tried again, instead of an internal error. */
function unreachable(error: unknown): never {
  if (error instanceof PopserveError) throw error;
  throw new PopserveError('UNAVAILABLE', `the registry cannot be reached from here: ${String(error)}`, {
    retryAfterSeconds: 1,
    cause: error,
  });
}

function unwrap(found: Manifest | PopserveError): Manifest {
  if (found instanceof PopserveError) throw found;
  return found;
}
