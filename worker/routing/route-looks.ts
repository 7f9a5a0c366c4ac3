// Looks at the route log on behalf of requests that ask for an epoch which is not here. There is one look at a time per model, and
// after one that found nothing newer there is none for a while: nobody can make R2 be listed with every request.
import { BoundedMap } from '../../registry/bounded-map.ts';
import type { RouteCopy } from '../../registry/route.ts';
import type { RequestScope } from '../request-scope.ts';

interface Look {
  readonly found: Promise<RouteCopy | null>;
  readonly startedAtMs: number;
}

/** How long a look is remembered: a route that is written right after it stays unseen for as long as `Retry-After` says. */
const rememberedMs = 1_000;

/** A look that takes longer is given up: it belonged to a request that died, and its reads with it. */
const lostMs = 5_000;

/** Models; their names come from URLs. */
const mostRemembered = 500;

export class RouteLooks {
  readonly #read: (model: string) => Promise<RouteCopy | null>;
  readonly #underWay = new Map<string, Look>();
  readonly #remembered = new BoundedMap<string, { readonly copy: RouteCopy | null; readonly startedAtMs: number }>(
    mostRemembered,
  );

  /** @param read the newest route, from the log itself */
  constructor(read: (model: string) => Promise<RouteCopy | null>) {
    this.#read = read;
  }

  /**
   * @returns the newest route, or one older than `minEpoch` if that was the newest a second ago; null if there is none, or if R2
   *   does not answer in time
   * @throws {unknown} what `read` throws
   */
  async newest(model: string, minEpoch: number, scope: RequestScope): Promise<RouteCopy | null> {
    const known = this.#remembered.get(model);
    if (known && Date.now() - known.startedAtMs < rememberedMs) return known.copy;
    const earlier = this.#underWay.get(model);
    const seen = earlier ? await this.#waitFor(model, earlier) : null;
    if (seen && seen.route.epoch >= minEpoch) return seen;
    // A look already under way may miss a write that preceded this request, so look again.
    return await this.#waitFor(model, this.#underWay.get(model) ?? this.#begin(model, scope));
  }

  /** Makes the next request look itself: a look found a newer route, or a route was written. */
  forget(model: string): void {
    this.#remembered.delete(model);
    this.#underWay.delete(model);
  }

  #begin(model: string, scope: RequestScope): Look {
    const startedAtMs = Date.now();
    const found = this.#read(model).then(
      (copy) => {
        if (this.#end(model, look)) this.#remembered.set(model, { copy, startedAtMs });
        return copy;
      },
      (error: unknown) => {
        this.#end(model, look);
        throw error;
      },
    );
    const look: Look = { found, startedAtMs };
    this.#underWay.set(model, look);
    scope.waitUntil(found.catch(() => undefined));
    return look;
  }

  /** @returns false if the look was given up, or if a route was written meanwhile */
  #end(model: string, look: Look): boolean {
    return this.#underWay.get(model) === look && this.#underWay.delete(model);
  }

  async #waitFor(model: string, look: Look): Promise<RouteCopy | null> {
    const lost = Promise.withResolvers<null>();
    const timer = setTimeout(
      () => {
        this.#end(model, look);
        lost.resolve(null);
      },
      lostMs - (Date.now() - look.startedAtMs),
    );
    try {
      return await Promise.race([look.found, lost.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
