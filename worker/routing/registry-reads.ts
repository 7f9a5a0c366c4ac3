// An isolate's reads of the registry for its routes: the copy in KV first, R2 where that is missing, and neither of them again at
// once for a name that is not there. Names come from URLs, so nobody may make R2 be asked with every request.
import { BoundedMap } from '../../registry/bounded-map.ts';
import { canonicalJson } from '../../registry/canonical-json.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Route, RouteCopy } from '../../registry/route.ts';
import { unknownModel, unknownVersion } from '../../registry/unknown-model.ts';

/** Models and versions; their names come from URLs. */
const mostRemembered = 500;
/** Epochs by which a copy in KV may be ahead of what is served. A busy operator writes fewer between two refreshes. */
const mostBelieved = 8;
/** How long a first release may stay invisible to an isolate that was asked for the model too early. */
const longestAbsenceMs = 2_000;

export interface Correction {
  /** The newest route of the log; null if the model has none. */
  readonly copy: RouteCopy | null;
  /** The log never had the route that the isolate serves from. */
  readonly isFalse: boolean;
}

export class RegistryReads {
  readonly #registry: Registry;
  readonly #rememberMs: number;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  readonly #withoutRoute = new BoundedMap<string, { readonly untilMs: number }>(mostRemembered);
  /** Routes that copies in KV had and the log never did: they are not believed again. */
  readonly #false = new BoundedMap<string, string>(mostRemembered);
  /** Routes that were read from the log. */
  readonly #logged = new WeakSet<Route>();
  readonly #unrouted = new BoundedMap<string, { readonly found: Manifest | PopserveError; readonly untilMs: number }>(
    mostRemembered,
  );

  /** @param rememberMs how long the answer about a version without a route is used again */
  constructor(registry: Registry, rememberMs: number, log: (event: string, fields: Record<string, unknown>) => void) {
    this.#registry = registry;
    this.#rememberMs = rememberMs;
    this.#log = log;
  }

  /**
   * The route from KV. KV caches absent keys as well, and can be away: R2 is asked then, else a first release would stay invisible.
   * R2 is asked too where the copy is far ahead of what is served: an isolate never goes back to a lower epoch, so that a wrong
   * one would hold it until it ends.
   * @param servedEpoch what the isolate serves; null if it serves nothing
   */
  async route(model: string, servedEpoch: number | null): Promise<RouteCopy | null> {
    const copy = await this.#readCopy(model);
    const isJump = copy !== null && servedEpoch !== null && copy.route.epoch > servedEpoch + mostBelieved;
    if (isJump) this.#log('epoch-jump', { model, served: servedEpoch, copy: copy.route.epoch });
    return copy === null || isJump ? await this.#readNewest(model) : copy;
  }

  /**
   * The same as {@link route} for a model that this isolate has no route of: that it has none is remembered for a while.
   * @throws {PopserveError} UNAVAILABLE when the registry cannot be read
   */
  async firstRoute(model: string): Promise<RouteCopy | null> {
    // Whoever makes up names asks storage no more than once in a while for all of them.
    if (this.#registry.isKnown(model) === false) return null;
    const known = this.#withoutRoute.get(model);
    if (known && Date.now() < known.untilMs) return null;
    const copy = await this.#firstCopy(model).catch((cause: unknown) => {
      this.#log('refresh-failed', { model, error: String(cause) });
      throw new PopserveError('UNAVAILABLE', `model '${model}': the registry cannot be read; try again`, {
        retryAfterSeconds: 1,
        cause,
      });
    });
    if (!copy) {
      const absentMs = Math.min(this.#rememberMs, longestAbsenceMs);
      this.#withoutRoute.set(model, { untilMs: Date.now() + absentMs });
    }
    return copy;
  }

  /** Where KV has no copy the model is looked for in the index first: one look serves all names that are not there. */
  async #firstCopy(model: string): Promise<RouteCopy | null> {
    const copy = await this.#readCopy(model);
    if (copy !== null) return copy;
    const isThere = await this.#registry.requireModel(model).then(
      () => true,
      // The log itself decides where the index cannot be read.
      (error: unknown) => !(error instanceof PopserveError && error.code === 'NOT_FOUND'),
    );
    return isThere ? await this.#readNewest(model) : null;
  }

  async #readCopy(model: string): Promise<RouteCopy | null> {
    const copy = await this.#registry.readCopy(model).catch((error: unknown) => {
      this.#log('route-copy-unreadable', { model, error: String(error) });
      return null;
    });
    const known = this.#false.get(model);
    return copy !== null && known !== undefined && known === canonicalJson(copy.route) ? null : copy;
  }

  async #readNewest(model: string): Promise<RouteCopy | null> {
    const copy = await this.#registry.readNewest(model);
    if (copy !== null) this.#logged.add(copy.route);
    return copy;
  }

  /**
   * The route that an isolate begins with where the stable version of the newest one has not come through its trial.
   * @returns null where the newest one serves
   */
  async standIn(newest: RouteCopy): Promise<RouteCopy | null> {
    const { model, epoch } = newest.route;
    const standIn = await this.#registry.readStandIn(newest).catch((error: unknown) => {
      this.#log('stand-in-unreadable', { model, epoch, error: String(error) });
      return null;
    });
    if (standIn !== null) this.#log('stand-in', { model, epoch, serving: standIn.route.epoch });
    return standIn;
  }

  /** A route was written: its model is not without one any more. */
  forgetAbsence(model: string): void {
    this.#withoutRoute.delete(model);
  }

  /**
   * Compares the copy that an isolate has begun with to the log: there was no epoch before it that would have shown a wrong one.
   * @returns the newest route if the copy is not it; null if it is, or if it was read from the log itself
   * @throws {unknown} when the log cannot be read
   */
  async correction({ route }: RouteCopy): Promise<Correction | null> {
    if (this.#logged.has(route)) return null;
    const newest = await this.#registry.currentRoute(route.model);
    if (newest !== null && canonicalJson(newest) === canonicalJson(route)) return null;
    const isFalse = newest === null || newest.epoch <= route.epoch || !(await this.#isInLog(route));
    if (isFalse) this.#false.set(route.model, canonicalJson(route));
    return { copy: newest === null ? null : await this.#readNewest(route.model), isFalse };
  }

  /** A copy that only lags is right as far as it goes. */
  async #isInLog(route: Route): Promise<boolean> {
    const logged = await this.#registry.routeAt(route.model, route.epoch);
    return logged !== null && canonicalJson(logged) === canonicalJson(route);
  }

  /**
   * The newest route from the log itself.
   * @throws {PopserveError} UNAVAILABLE when R2 cannot be reached
   */
  async newestRoute(model: string): Promise<RouteCopy | null> {
    return await this.#readNewest(model).catch(unreachable);
  }

  /**
   * The newest route alone, from the log itself; null if it has none.
   * @throws {PopserveError} UNAVAILABLE when R2 cannot be reached
   */
  async loggedRoute(model: string): Promise<Route | null> {
    return await this.#registry.currentRoute(model).catch(unreachable);
  }

  /** @throws {PopserveError} NOT_FOUND when there is no such model; UNAVAILABLE when R2 cannot be reached */
  async requireModel(model: string): Promise<void> {
    await this.#registry.requireModel(model).catch(unreachable);
  }

  /**
   * The manifest of a version that no route in use names.
   * @throws {PopserveError} NOT_FOUND when there is no such version; UNAVAILABLE when R2 cannot be reached
   */
  async unroutedManifest(model: string, version: string): Promise<Manifest> {
    const key = `${model}/${version}`;
    const known = this.#unrouted.get(key);
    if (known && Date.now() < known.untilMs) return unwrap(known.found);
    if (this.#registry.isKnownVersion(model, version) === false) {
      throw this.#registry.isKnown(model) === false ? unknownModel(model) : unknownVersion(model, version);
    }
    const found = await this.#registry.getManifest(model, version).catch((error: unknown) => {
      if (error instanceof PopserveError && error.code === 'NOT_FOUND') return error;
      return unreachable(error);
    });
    this.#unrouted.set(key, { found, untilMs: Date.now() + this.#rememberMs });
    // The next versions that somebody makes up are found missing without a read.
    if (found instanceof PopserveError) await this.#registry.refreshLists(model).catch(() => undefined);
    return unwrap(found);
  }
}

/** Storage that fails is neither the request's fault nor the code's: the answer is 503 and not an internal error. */
function unreachable(error: unknown): never {
  if (error instanceof PopserveError) throw error;
  throw new PopserveError('UNAVAILABLE', 'the registry cannot be reached from here; try again', {
    retryAfterSeconds: 1,
    cause: error,
  });
}

function unwrap(found: Manifest | PopserveError): Manifest {
  if (found instanceof PopserveError) throw found;
  return found;
}
