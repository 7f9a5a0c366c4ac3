// Stands between the registry and its stores: every call passes through one function, which may delay, refuse or lose it.
import type { Scheduler } from 'fast-check';
import type { RegistryStores } from '../../registry/registry.ts';

/**
 * @param name `routes.append`
 * @param call does what was asked of the real store
 */
export type Interception = (name: string, call: () => Promise<unknown>) => Promise<unknown>;

/** The same stores with every promise-returning call intercepted; listings that are iterated pass unseen. */
export function intercept<S extends RegistryStores>(stores: S, interception: Interception): S {
  return Object.fromEntries(
    Object.entries(stores).map(([storeName, store]) => [
      storeName,
      new Proxy(store, {
        get(target, method) {
          const original: unknown = Reflect.get(target, method);
          if (typeof original !== 'function' || method === 'list') return original;
          return (...args: unknown[]) =>
            interception(`${storeName}.${String(method)}`, async () => Reflect.apply(original, target, args));
        },
      }),
    ]),
  ) as unknown as S;
}

/**
 * Stores whose calls take turns as a scheduler draws them. A call ends before the next begins: one that waits for more than
 * microtasks, say for a digest, would else be overtaken by all others, in every run.
 */
export class Turns {
  readonly #scheduler: Scheduler;
  #running = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  storesOf<S extends RegistryStores>(actor: string, stores: S): S {
    return intercept(stores, async (name, call) => {
      await this.#scheduler.schedule(Promise.resolve(), `${actor} ${name}`);
      this.#running++;
      return call().finally(() => {
        this.#running--;
      });
    });
  }

  /** Lets calls take turns until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    return this.#scheduler.waitFor(promise, async (turn) => {
      await turn();
      do await new Promise((done) => setImmediate(done));
      while (this.#running > 0);
    });
  }
}
