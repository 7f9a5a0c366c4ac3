// The routes that an isolate serves from, one snapshot per model, and how a newer one takes its place: in one assignment, after its
// versions have been loaded. Where routes are read, and when, is not decided here (route-table.ts).

import type { Serving } from '../../registry/api/status.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Route, RouteCopy } from '../../registry/route.ts';
import type { RequestScope } from '../request-scope.ts';
import { isHeldBack, planTakeover } from './takeover.ts';

export interface Snapshot {
  readonly copy: RouteCopy;
  serving: Serving;
  /** When the route was last looked for. */
  checkedAtMs: number;
}

/** The part of the model cache that a takeover needs. */
export interface Warmer {
  /** Takes over which versions of a route are known to load and run. */
  trust(copy: RouteCopy): void;
  fitsBeside(manifest: Manifest, others: readonly Manifest[]): boolean;
  /** Throws the reason why a version cannot be loaded, as far as its bytes and its last load tell without loading it. */
  verify(manifest: Manifest): Promise<void>;
  warm(manifest: Manifest, scope: RequestScope): Promise<void>;
}

/** A version that is being loaded into the room of the one before it, and the route that is to serve it. */
interface Swap {
  readonly copy: RouteCopy;
  readonly manifest: Manifest;
}

const nothingServed: Serving = { epoch: 0, stable: null, canary: null, held: null, ahead: null };

export class Snapshots {
  readonly #warmer: Warmer;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #swaps = new Map<string, Swap>();

  constructor(warmer: Warmer, log: (event: string, fields: Record<string, unknown>) => void) {
    this.#warmer = warmer;
    this.#log = log;
  }

  get(model: string): Snapshot | undefined {
    return this.#snapshots.get(model);
  }

  /** The versions of a model that this isolate serves now. */
  serving(model: string): Serving {
    return this.#snapshots.get(model)?.serving ?? nothingServed;
  }

  /**
   * Gives up a route that the log never had, if it is the one in use. This alone takes an isolate to a lower epoch: its own was not
   * real.
   */
  retract(copy: RouteCopy): void {
    const { model, epoch } = copy.route;
    if (this.#snapshots.get(model)?.copy !== copy) return;
    this.#snapshots.delete(model);
    this.#log('route-retracted', { model, epoch });
  }

  /** Serves from a route from now on, unless a newer one is in use. */
  install(copy: RouteCopy): void {
    const { model, epoch } = copy.route;
    const current = this.#snapshots.get(model);
    if (current && current.copy.route.epoch >= epoch) return;
    this.#warmer.trust(copy);
    this.#snapshots.set(model, { copy, serving: servingOf(copy.route), checkedAtMs: Date.now() });
    if (current) this.#log('switchover', { model, epoch, from: current.copy.route.epoch });
  }

  /** Loads the versions that a newer route adds, then serves from it; {@link isHeldBack} decides where some cannot be loaded. */
  async takeOver(copy: RouteCopy, scope: RequestScope): Promise<void> {
    const { route } = copy;
    const current = this.#snapshots.get(route.model)?.copy ?? null;
    if (current && route.epoch <= current.route.epoch) return;
    this.#warmer.trust(copy);
    const failed = new Map<string, string>();
    const fits = (manifest: Manifest, others: readonly Manifest[]) => this.#warmer.fitsBeside(manifest, others);
    for (const { manifest, how, isStable } of planTakeover(current, copy, fits)) {
      try {
        if (how === 'load') await this.#warmer.warm(manifest, scope);
        else if (how === 'swap') await this.#swap({ copy, manifest }, scope);
      } catch (error) {
        failed.set(manifest.version, this.#reasonOf(manifest, error));
        // Without its stable the route is held back, and the rest of it is of no use yet.
        if (isStable) break;
      }
    }
    if (!isHeldBack(current?.route ?? null, route, new Set(failed.keys()))) this.install(copy);
    else this.#hold(route, [...failed.values()].join('; '));
  }

  /**
   * Notes whether the log still has the route that is served. It serves on in either case: an isolate never goes back.
   * @param logEpoch the newest epoch of a log that does not have it; null if it does
   */
  noteAhead(model: string, logEpoch: number | null): void {
    const snapshot = this.#snapshots.get(model);
    if (!snapshot || (snapshot.serving.ahead?.logEpoch ?? null) === logEpoch) return;
    snapshot.serving = { ...snapshot.serving, ahead: logEpoch === null ? null : { logEpoch } };
    if (logEpoch !== null) this.#log('epoch-ahead', { model, epoch: snapshot.copy.route.epoch, log: logEpoch });
  }

  /** Whether a version of the model is taking the room of the one before it. */
  isSwapping(model: string): boolean {
    return this.#swaps.has(model);
  }

  /** Waits for a version of the model that is taking the room of the one before it, if there is one. */
  async waitForSwap(model: string, scope: RequestScope): Promise<void> {
    const swap = this.#swaps.get(model);
    if (swap) await this.#finishSwap(swap, scope);
  }

  /**
   * For a new version that does not fit beside the old one: requests wait for the new one while it takes the old one's room, and
   * for the old one again if that fails. Faults that show in the bytes are found before the old one gives way.
   * @throws {unknown} the reason why the new one is not served; the old one is loaded again by then
   */
  async #swap(swap: Swap, scope: RequestScope): Promise<void> {
    const { model } = swap.copy.route;
    await this.#warmer.verify(swap.manifest);
    this.#swaps.set(model, swap);
    const failure = await this.#finishSwap(swap, scope);
    if (failure === null) return;
    const old = this.#snapshots.get(model)?.copy;
    const stable = old?.manifests[old.route.aliases.stable ?? ''];
    // If this fails, the next request tries to load it again.
    if (stable) await this.#warmer.warm(stable, scope).catch(() => undefined);
    throw failure;
  }

  /**
   * Run by the refresh that found the route and by each request that waits for it: they share the load, which outlives the request
   * that began it. The route serves once its stable is ready and never before: until then no answer follows its epoch.
   * @returns why the new version is not served; null if it is
   */
  async #finishSwap(swap: Swap, scope: RequestScope): Promise<unknown> {
    const { copy, manifest } = swap;
    const { model } = copy.route;
    try {
      await this.#warmer.warm(manifest, scope);
      this.install(copy);
      return null;
    } catch (error) {
      this.#hold(copy.route, this.#reasonOf(manifest, error));
      return error;
    } finally {
      if (this.#swaps.get(model) === swap) this.#swaps.delete(model);
    }
  }

  /** The reason as callers may read it: errors of storage may name its keys. */
  #reasonOf({ model, version }: Manifest, error: unknown): string {
    if (error instanceof PopserveError && error.code !== 'INTERNAL') return error.message;
    this.#log('takeover-failed', { model, version, error: String(error) });
    return `model '${model}' version '${version}' failed to load: an unexpected fault, which the log names`;
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
}

function servingOf({ epoch, aliases, rollout }: Route): Serving {
  const canary = rollout && { version: rollout.version, percent: rollout.percent };
  return { epoch, stable: aliases.stable ?? null, canary, held: null, ahead: null };
}
