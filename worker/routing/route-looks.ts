// Looks at the route log on behalf of requests that ask for an epoch which is not here. A look proves nothing about what was written
// after it began, so it answers only for requests that came before that; later ones share the next look. Looks of a model begin at
// most twice a second: nobody can make R2 be listed with every request, and nobody who asks for an epoch that does not exist hides
// one that does.
import { BoundedMap } from '../../registry/bounded-map.ts';
import type { RouteCopy } from '../../registry/route.ts';
import type { RequestScope } from '../request-scope.ts';

interface Look {
  readonly found: Promise<RouteCopy | null>;
  readonly startedAtMs: number;
  /** Place among all arrivals of requests and beginnings of looks: clocks stand still between two of them. */
  readonly order: number;
}

/** From the beginning of one look to that of the next. */
const spacingMs = 500;

/** A look that takes longer is given up: it belonged to a request that died, and its reads with it. */
const lostMs = 5_000;

/** Models; their names come from URLs. */
const mostRemembered = 500;

export class RouteLooks {
  readonly #read: (model: string) => Promise<RouteCopy | null>;
  readonly #underWay = new Map<string, Look>();
  /** The look that began last. */
  readonly #latest = new BoundedMap<string, Look>(mostRemembered);
  #order = 0;

  /** @param read the newest route, from the log itself */
  constructor(read: (model: string) => Promise<RouteCopy | null>) {
    this.#read = read;
  }

  /**
   * @returns a route of `minEpoch` or newer, or the newest one as a look found it that began after this call; null if there is none,
   *   or if R2 does not answer in time
   * @throws {unknown} what `read` throws
   */
  async newest(model: string, minEpoch: number, scope: RequestScope): Promise<RouteCopy | null> {
    const arrived = ++this.#order;
    const earlier = this.#underWay.get(model);
    const seen = earlier ? await this.#waitFor(model, earlier) : null;
    if (seen && seen.route.epoch >= minEpoch) return seen;
    return await this.#waitFor(model, await this.#lookAfter(arrived, model, scope));
  }

  /** Lets the next look begin at once: a look found a newer route, or a route was written. */
  forget(model: string): void {
    this.#latest.delete(model);
    this.#underWay.delete(model);
  }

  /** A look that begins after a request arrived, shared by all that wait for one. */
  async #lookAfter(arrived: number, model: string, scope: RequestScope): Promise<Look> {
    const latest = this.#latest.get(model);
    if (latest && latest.order > arrived) return latest;
    const waitMs = latest ? spacingMs - (Date.now() - latest.startedAtMs) : 0;
    if (waitMs > 0) {
      // Each request waits by its own timer: that of another one ends with it.
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const begun = this.#latest.get(model);
      if (begun && begun.order > arrived) return begun;
    }
    return this.#begin(model, scope);
  }

  #begin(model: string, scope: RequestScope): Look {
    const found = this.#read(model).finally(() => this.#end(model, look));
    const look: Look = { found, startedAtMs: Date.now(), order: ++this.#order };
    this.#underWay.set(model, look);
    this.#latest.set(model, look);
    scope.waitUntil(found.catch(() => undefined));
    return look;
  }

  #end(model: string, look: Look): void {
    if (this.#underWay.get(model) === look) this.#underWay.delete(model);
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
