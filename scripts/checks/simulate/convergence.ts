// How long a route takes to reach the PoPs: from the moment it stands in the log to each PoP's first answer from it, or from
// a newer one.
import { largest } from '../../../registry/extremes.ts';
export class Convergence {
  readonly #pops: readonly string[];
  readonly #writtenMs = new Map<number, number>();
  readonly #reached = new Map<number, Map<string, number>>();

  constructor(pops: readonly string[]) {
    this.#pops = pops;
  }

  written(epoch: number, atMs: number): void {
    this.#writtenMs.set(epoch, atMs);
    this.#reached.set(epoch, new Map());
  }

  answered(pop: string, epoch: number, atMs: number): void {
    for (const [written, reached] of this.#reached) {
      if (written <= epoch && !reached.has(pop)) reached.set(pop, atMs - (this.#writtenMs.get(written) ?? atMs));
      if (reached.size === this.#pops.length) this.#finish(written, reached);
    }
  }

  /** Milliseconds until all PoPs had it, of every epoch that all have reached. */
  readonly completeMs: number[] = [];
  /** Milliseconds of each PoP and epoch. */
  readonly eachMs: number[] = [];

  /** Epochs that some PoP has not reached. */
  get open(): readonly number[] {
    return [...this.#reached.keys()];
  }

  #finish(epoch: number, reached: ReadonlyMap<string, number>): void {
    this.#reached.delete(epoch);
    this.completeMs.push(largest(reached.values()));
    for (const ms of reached.values()) this.eachMs.push(ms);
  }
}
