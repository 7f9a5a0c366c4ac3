// KV as the network does it: a write reaches each PoP after a delay of its own, and a PoP that was told that a key is absent
// keeps saying so for a while.
import { WriteRate } from './write-rate.ts';

export interface ReplicationOptions {
  /** Milliseconds until a write that `origin` made is readable at `pop`. */
  readonly delayMs: (pop: string) => number;
  /** How long a PoP answers an absent key from its cache. */
  readonly absenceMs: number;
  /** How long a key takes no further write. */
  readonly writeIntervalMs: number;
}

interface Write {
  readonly value: Buffer;
  readonly writtenMs: number;
  readonly origin: string;
  /** When each PoP gets it; drawn when the write is made, so that the order of reads changes nothing. */
  readonly arrivesMs: ReadonlyMap<string, number>;
}

export class ReplicatedKv {
  readonly #pops: readonly string[];
  readonly #options: ReplicationOptions;
  readonly #writes = new Map<string, Write[]>();
  readonly #rate: WriteRate;
  readonly #absentUntilMs = new Map<string, number>();

  constructor(pops: readonly string[], options: ReplicationOptions) {
    this.#pops = pops;
    this.#options = options;
    this.#rate = new WriteRate(options.writeIntervalMs);
  }

  /** @returns false if the key was written too soon before */
  put(origin: string, key: string, value: Buffer, nowMs: number): boolean {
    if (!this.#rate.take([key], nowMs)) return false;
    const arrivesMs = new Map(
      this.#pops.map((pop) => [pop, pop === origin ? nowMs : nowMs + this.#options.delayMs(pop)]),
    );
    const writes = this.#writes.get(key) ?? [];
    writes.push({ value, writtenMs: nowMs, origin, arrivesMs });
    this.#writes.set(key, writes);
    return true;
  }

  /**
   * @param staleMs how much older than it should the answer is: what a PoP read from its cache long ago
   * @returns the last write that has arrived at the PoP; null for none
   */
  get(pop: string, key: string, nowMs: number, staleMs = 0): Buffer | null {
    const place = `${pop} ${key}`;
    if (nowMs < (this.#absentUntilMs.get(place) ?? 0)) return null;
    const arrived = (this.#writes.get(key) ?? []).filter(
      ({ arrivesMs }) => (arrivesMs.get(pop) ?? 0) <= nowMs - staleMs,
    );
    const last = arrived.at(-1);
    if (last) return last.value;
    this.#absentUntilMs.set(place, nowMs + this.#options.absenceMs);
    return null;
  }
}
