// The routes that an isolate serves from, refreshed behind the requests and never on their time. How a newer route takes over is
// decided in snapshots.ts and takeover.ts.

import type { Serving } from '../../registry/api/status.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Route, RouteCopy } from '../../registry/route.ts';
import { errorText } from '../logging/error-text.ts';
import type { RequestScope } from '../request-scope.ts';
import { isBehind } from './lost-route.ts';
import { RegistryReads } from './registry-reads.ts';
import { resolveVersion } from './resolve.ts';
import { RouteLooks } from './route-looks.ts';
import { Snapshots, type Warmer } from './snapshots.ts';

export interface Resolved {
  readonly manifest: Manifest;
  /** Epoch of the route that the answer follows; 0 for a version of a model without a route. */
  readonly epoch: number;
  /** null for a version of a model without a route. */
  readonly route: Route | null;
  /** Sent here by the default route; false: this version was asked for. */
  readonly routed: boolean;
  /** How long this isolate's first look at the route took, milliseconds. */
  readonly routeMs: number;
  /** The version that answers where a rollout sent the request and its own version is not available; null if none does. */
  readonly fallback: Manifest | null;
  /** The rollout's version that should have answered, where its fallback does; null otherwise. */
  readonly insteadOf: string | null;
  /** The version that runs along on a share of the requests that `stable` answers. */
  readonly shadow: { readonly manifest: Manifest; readonly percent: number } | null;
}

export interface Selector {
  readonly model: string;
  /** Version or alias; null for the default. */
  readonly requested: string | null;
  readonly minEpoch: number | null;
  readonly key: string;
}

/** A refresh that has not come back by then belonged to a request that died, and its reads with it. */
const refreshLostMs = 30_000;

export class RouteTable {
  readonly #reads: RegistryReads;
  readonly #looks: RouteLooks;
  readonly #snapshots: Snapshots;
  readonly #refreshMs: number;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  /** How long the first look at each model's route took. */
  readonly #firstMs = new Map<string, number>();
  /** The routes that this isolate began with, until they were compared with the log. */
  readonly #unchecked = new Map<string, RouteCopy>();
  /** By the default route and by name, for each version that a snapshot has the manifest of. */
  readonly #resolved = {
    routed: new WeakMap<RouteCopy, Map<string, Resolved>>(),
    named: new WeakMap<RouteCopy, Map<string, Resolved>>(),
  };
  /** When the refresh under way began, by model. */
  readonly #refreshing = new Map<string, number>();

  constructor(options: {
    registry: Registry;
    warmer: Warmer;
    refreshSeconds: number;
    log: (event: string, fields: Record<string, unknown>) => void;
  }) {
    this.#refreshMs = options.refreshSeconds * 1000;
    this.#log = options.log;
    this.#reads = new RegistryReads(options.registry, this.#refreshMs, options.log);
    this.#looks = new RouteLooks((model) => this.#reads.newestRoute(model));
    this.#snapshots = new Snapshots(options.warmer, options.log);
  }

  /**
   * Resolves a request's version once. The result stays valid whatever is released meanwhile.
   * @throws {PopserveError} NOT_FOUND for an unknown model, version or alias; UNAVAILABLE when no version is active, when this
   *   isolate is behind `minEpoch`, or when the registry cannot be reached
   */
  async resolve(selector: Selector, scope: RequestScope): Promise<Resolved> {
    const now = this.resolveNow(selector, scope);
    if (now !== null) return now;
    const { model, requested, minEpoch, key } = selector;
    const copy = await this.#copyFor(model, minEpoch, scope);
    const route = copy?.route ?? null;
    const version = await this.#versionOf(model, route, requested, key);
    const named = copy && Object.hasOwn(copy.manifests, version) ? copy.manifests[version] : undefined;
    const manifest = named ?? (await this.#reads.unroutedManifest(model, version));
    return resolvedIn(copy, manifest, requested === null, this.firstLookMs(model));
  }

  /**
   * The same without a pause, from the snapshot alone. What a snapshot resolves to is made once for each of its versions.
   * @returns null where the isolate has to look, or to wait
   * @throws {PopserveError} as {@link RouteTable.resolve}
   */
  resolveNow({ model, requested, minEpoch, key }: Selector, scope: RequestScope): Resolved | null {
    const snapshot = this.#snapshots.get(model);
    if (snapshot === undefined || this.#snapshots.isSwapping(model)) return null;
    const { copy } = snapshot;
    if (minEpoch !== null && copy.route.epoch < minEpoch) return null;
    if (Date.now() - snapshot.checkedAtMs >= this.#refreshMs) this.#refreshBehind(model, scope);
    const version = resolveVersion(model, copy.route, requested, key);
    const kept = requested === null ? this.#resolved.routed : this.#resolved.named;
    const known = kept.get(copy);
    const before = known?.get(version);
    if (before !== undefined) return before;
    const manifest = Object.hasOwn(copy.manifests, version) ? copy.manifests[version] : undefined;
    if (manifest === undefined) return null;
    const resolved = resolvedIn(copy, manifest, requested === null, this.firstLookMs(model));
    if (known === undefined) kept.set(copy, new Map([[version, resolved]]));
    else known.set(version, resolved);
    return resolved;
  }

  /** How long this isolate's first look at the model's route took, milliseconds; 0 if it has not looked. */
  firstLookMs(model: string): number {
    return this.#firstMs.get(model) ?? 0;
  }

  /** The versions of a model that this isolate serves now. */
  serving(model: string): Serving {
    return this.#snapshots.serving(model);
  }

  /** For the isolate that wrote a route: it need not wait for its next refresh, nor for KV. */
  learn(model: string, scope: RequestScope): void {
    this.#reads.forgetAbsence(model);
    this.#looks.forget(model);
    scope.waitUntil(
      this.#reads
        .newestRoute(model)
        .then((copy) => (copy ? this.#snapshots.takeOver(copy, scope) : undefined))
        .catch((error) => this.#log('refresh-failed', { model, error: errorText(error) })),
    );
  }

  async #versionOf(model: string, route: Route | null, requested: string | null, key: string): Promise<string> {
    try {
      return resolveVersion(model, route, requested, key);
    } catch (error) {
      // Without a route the model may not even exist: say which of the two it is.
      if (route === null) await this.#reads.requireModel(model);
      throw error;
    }
  }

  async #copyFor(model: string, minEpoch: number | null, scope: RequestScope): Promise<RouteCopy | null> {
    const known = this.#snapshots.get(model);
    if (!known) await this.#loadFirst(model, scope);
    else if (Date.now() - known.checkedAtMs >= this.#refreshMs) this.#refreshBehind(model, scope);
    await this.#snapshots.waitForSwap(model, scope);
    const copy = this.#snapshots.get(model)?.copy ?? null;
    if (minEpoch === null || (copy && copy.route.epoch >= minEpoch)) return copy;
    return await this.#catchUp(model, minEpoch, scope);
  }

  /**
   * The first request of a model loads its route; the version is loaded by the request's own run. Where that version may never
   * return, the route before it answers, and the next request looks for the newer one behind its answer.
   */
  async #loadFirst(model: string, scope: RequestScope): Promise<void> {
    const started = performance.now();
    const copy = await this.#reads.firstRoute(model);
    if (!copy) return;
    this.#firstMs.set(model, performance.now() - started);
    const standIn = await this.#reads.standIn(copy);
    this.#snapshots.install(standIn ?? copy);
    const snapshot = this.#snapshots.get(model);
    if (standIn && snapshot) snapshot.checkedAtMs = 0;
    // A copy in KV is a hint, and this isolate has served no epoch that it could be compared with. Nobody waits for the comparison.
    this.#unchecked.set(model, copy);
    scope.waitUntil(this.#checkFirst(model, scope));
  }

  /** Repeated with the next refresh where storage is away. */
  async #checkFirst(model: string, scope: RequestScope): Promise<void> {
    const copy = this.#unchecked.get(model);
    if (copy === undefined) return;
    try {
      const correction = await this.#reads.correction(copy);
      this.#unchecked.delete(model);
      if (correction === null) return;
      if (correction.isFalse) this.#snapshots.retract(copy);
      // What a false route served is not worth waiting for: the next request loads what the log has.
      if (correction.isFalse && correction.copy) this.#snapshots.install(correction.copy);
      else if (correction.copy) await this.#snapshots.takeOver(correction.copy, scope);
    } catch (error) {
      this.#log('first-route-unchecked', { model, error: String(error) });
    }
  }

  #refreshBehind(model: string, scope: RequestScope): void {
    const startedAtMs = Date.now();
    if (startedAtMs - (this.#refreshing.get(model) ?? 0) < refreshLostMs) return;
    this.#refreshing.set(model, startedAtMs);
    scope.waitUntil(
      this.#refresh(model, scope)
        .catch((error) => this.#log('refresh-failed', { model, error: errorText(error) }))
        .finally(() => {
          if (this.#refreshing.get(model) === startedAtMs) this.#refreshing.delete(model);
        }),
    );
  }

  async #refresh(model: string, scope: RequestScope): Promise<void> {
    await this.#checkFirst(model, scope);
    const snapshot = this.#snapshots.get(model);
    const copy = await this.#reads.route(model, snapshot?.copy.route.epoch ?? null);
    if (snapshot) snapshot.checkedAtMs = Date.now();
    if (copy) await this.#snapshots.takeOver(copy, scope);
    await this.#compareWithLog(model, copy?.route ?? null);
  }

  /**
   * Notices that the log has lost the route that is served, after a restore of an older backup for example. A copy in KV that does
   * not have it is mostly just late, so the log is asked: once a refresh, as long as the copy does not have it.
   */
  async #compareWithLog(model: string, copied: Route | null): Promise<void> {
    const snapshot = this.#snapshots.get(model);
    if (!snapshot) return;
    if (!isBehind(copied, snapshot.copy.route)) {
      this.#snapshots.noteAhead(model, null);
      return;
    }
    const newest = await this.#reads.loggedRoute(model);
    this.#snapshots.noteAhead(model, isBehind(newest, snapshot.copy.route) ? (newest?.epoch ?? 0) : null);
  }

  /** Read-your-release: an isolate behind the asked epoch reads R2 itself before it answers; {@link RouteLooks} says how often. */
  async #catchUp(model: string, minEpoch: number, scope: RequestScope): Promise<RouteCopy> {
    const copy = await this.#looks.newest(model, minEpoch, scope);
    if (copy) await this.#snapshots.takeOver(copy, scope);
    const current = this.#snapshots.get(model)?.copy;
    if (current && current.route.epoch >= minEpoch) {
      this.#looks.forget(model);
      return current;
    }
    const { held } = this.#snapshots.serving(model);
    throw new PopserveError(
      'UNAVAILABLE',
      `model '${model}' is at epoch ${current?.route.epoch ?? 0} here, the request asks for at least ${minEpoch}` +
        (held ? `; epoch ${held.epoch} is held back: ${held.reason}` : ''),
      { retryAfterSeconds: 1 },
    );
  }
}

/** @param copy null for a version of a model without a route */
function resolvedIn(copy: RouteCopy | null, manifest: Manifest, routed: boolean, routeMs: number): Resolved {
  const route = copy?.route ?? null;
  const { version } = manifest;
  const stable = route?.aliases.stable ?? '';
  const candidate = route?.shadow ?? null;
  const shadowed = routed && version === stable ? copy?.manifests[candidate?.version ?? ''] : undefined;
  return {
    ...{ manifest, epoch: route?.epoch ?? 0, route, routed, routeMs },
    insteadOf: null,
    fallback: routed && version !== stable ? (copy?.manifests[stable] ?? null) : null,
    shadow: candidate && shadowed ? { manifest: shadowed, percent: candidate.percent } : null,
  };
}
