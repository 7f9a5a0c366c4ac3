// Stands between the registry and its stores: every call passes through one function, which may delay, refuse or lose it.
import type { RegistryStores } from '../../registry/registry.ts';

/**
 * @param name `routes.append`
 * @param call does what was asked of the real store
 */
export type Interception = (name: string, call: () => Promise<unknown>) => Promise<unknown>;

/** The same stores with every promise-returning call intercepted; listings that are iterated pass unseen. */
export function intercept(stores: RegistryStores, interception: Interception): RegistryStores {
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
  ) as unknown as RegistryStores;
}
