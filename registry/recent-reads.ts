// Reads of storage whose outcome is used again for a short while: one read for all who ask meanwhile, however many they are.
import { BoundedMap } from './bounded-map.ts';

interface Read<T> {
  /** From here its age counts. */
  sinceMs: number;
  readonly outcome: Promise<T>;
  /** Set once the outcome is there. */
  value?: { readonly is: T };
}

/** A read that takes longer is not waited for: it belonged to a request that ended, and its operations with it. */
const lostMs = 5_000;

export class RecentReads<T> {
  readonly #keepMs: number;
  readonly #fromEnd: boolean;
  readonly #now: () => number;
  readonly #reads: BoundedMap<string, Read<T>>;

  /**
   * @param keepMs how long an outcome is used again: from the moment when its read began, so that it is never older
   * @param fromEnd count from its end instead, for reads that take seconds themselves
   * @param most keys that are remembered
   */
  constructor(options: { keepMs: number; most: number; fromEnd?: boolean; now?: () => number }) {
    this.#fromEnd = options.fromEnd ?? false;
    this.#keepMs = options.keepMs;
    this.#now = options.now ?? Date.now;
    this.#reads = new BoundedMap(options.most);
  }

  /** An outcome that is at hand and young enough. */
  peek(key: string, maxAgeMs = this.#keepMs): { readonly is: T } | null {
    const read = this.#reads.get(key);
    return read?.value !== undefined && this.#ageOf(read) < maxAgeMs ? read.value : null;
  }

  /**
   * @param load called unless an outcome is young enough, or a read of it under way
   * @throws {unknown} what the load throws, to all who wait for it; it is not remembered
   */
  async get(key: string, load: () => Promise<T>, maxAgeMs = this.#keepMs): Promise<T> {
    const read = this.#reads.get(key);
    if (read !== undefined && this.#ageOf(read) < maxAgeMs) {
      if (read.value !== undefined) return read.value.is;
      const shared = await this.#waitFor(read);
      if (shared !== null) return shared.is;
    }
    return await this.#begin(key, load).outcome;
  }

  /** Something was written: no read that began before is used any more. */
  forget(key?: string): void {
    if (key === undefined) this.#reads.clear();
    else this.#reads.delete(key);
  }

  #begin(key: string, load: () => Promise<T>): Read<T> {
    const read: Read<T> = { sinceMs: this.#now(), outcome: load() };
    this.#reads.set(key, read);
    read.outcome.then(
      (is) => {
        read.value = { is };
        if (this.#fromEnd) read.sinceMs = this.#now();
      },
      () => {
        if (this.#reads.get(key) === read) this.#reads.delete(key);
      },
    );
    return read;
  }

  /** @returns null for a read that is lost */
  async #waitFor(read: Read<T>): Promise<{ readonly is: T } | null> {
    const lost = Promise.withResolvers<null>();
    const timer = setTimeout(lost.resolve, lostMs, null);
    try {
      return await Promise.race([read.outcome.then((is) => ({ is })), lost.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #ageOf({ sinceMs }: Read<T>): number {
    return this.#now() - sinceMs;
  }
}
