// The limit of R2 and KV on writes to a key, which miniflare does not have: R2 refuses with error 10058, KV with status 429. Every
// write counts, a deletion and a put whose condition does not hold too: what the network does with those is not documented.
import type { KVNamespace, R2Bucket } from '@cloudflare/workers-types';
import type { RegistryStores } from '../../registry/registry.ts';
import { type Pause, writeIntervalMs } from '../../registry/write-rate.ts';

/** Stores, and how a registry over them waits. */
export type TimedStores = RegistryStores & { pause: Pause };

/** Everything happens in the same moment, except what waits. */
export class StandingClock {
  #nowMs = 0;
  readonly #underWay = new Set<Promise<unknown>>();

  readonly now = (): number => this.#nowMs;

  /** Every write that is under way ends within a pause. */
  readonly pause = async (ms: number): Promise<void> => {
    await Promise.allSettled([...this.#underWay]);
    this.#nowMs += ms;
  };

  async while<T>(write: Promise<T>): Promise<T> {
    this.#underWay.add(write);
    try {
      return await write;
    } finally {
      this.#underWay.delete(write);
    }
  }
}

export class WriteRate {
  readonly clock: StandingClock;
  readonly #writtenMs = new Map<string, number>();

  constructor(clock: StandingClock) {
    this.clock = clock;
  }

  /** @returns whether the key takes a write now */
  take(...keys: readonly string[]): boolean {
    const nowMs = this.clock.now();
    if (keys.some((key) => nowMs - (this.#writtenMs.get(key) ?? -Infinity) < writeIntervalMs)) return false;
    for (const key of keys) this.#writtenMs.set(key, nowMs);
    return true;
  }
}

export function strictBucket(bucket: R2Bucket, rate: WriteRate): R2Bucket {
  const refusal = (method: string) =>
    new Error(`${method}: Reduce your concurrent request rate for the same object. (10058)`);
  const writes: Partial<R2Bucket> = {
    put: (async (...[key, ...rest]: Parameters<R2Bucket['put']>) => {
      if (!rate.take(key)) throw refusal('put');
      return rate.clock.while(bucket.put(key, ...rest));
    }) as R2Bucket['put'],
    async delete(keys) {
      if (!rate.take(...[keys].flat())) throw refusal('delete');
      await rate.clock.while(bucket.delete(keys));
    },
  };
  return withWrites(bucket, writes);
}

export function strictNamespace(namespace: KVNamespace, rate: WriteRate): KVNamespace {
  const writes: Partial<KVNamespace> = {
    put: (async (...[key, ...rest]: Parameters<KVNamespace['put']>) => {
      if (!rate.take(key)) throw new Error('KV PUT failed: 429 Too Many Requests');
      return rate.clock.while(namespace.put(key, ...rest));
    }) as KVNamespace['put'],
  };
  return withWrites(namespace, writes);
}

function withWrites<T extends object>(binding: T, writes: Partial<T>): T {
  return new Proxy(binding, {
    get(target, name) {
      const own: unknown = Reflect.get(writes, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
