// What shadow runs of this isolate showed since the last report, per pair of versions.
import type { Comparison } from './compare-outputs.ts';

/** What was counted of one pair under one epoch. */
export interface ShadowDelta {
  readonly stable: string;
  readonly candidate: string;
  readonly epoch: number;
  /** Sampled: compared, failed or left out. */
  requests: number;
  compared: number;
  /** Compared, and decided otherwise: see {@link Comparison}. */
  disagreements: number;
  /** Runs of the candidate that failed. */
  errors: number;
  /** Left out: no room for both versions, or too many at once. */
  skipped: number;
  /** Numbers that were compared. */
  elements: number;
  sumDifference: number;
  maxDifference: number;
}

type Pair = Pick<ShadowDelta, 'stable' | 'candidate' | 'epoch'>;

export class ShadowTally {
  /** By model, then by pair and epoch. */
  readonly #deltas = new Map<string, Map<string, ShadowDelta>>();

  compared(model: string, pair: Pair, comparison: Comparison): void {
    const delta = this.#deltaOf(model, pair);
    delta.requests += 1;
    delta.compared += 1;
    if (comparison.disagrees) delta.disagreements += 1;
    delta.elements += comparison.elements;
    delta.sumDifference += comparison.sumDifference;
    delta.maxDifference = Math.max(delta.maxDifference, comparison.maxDifference);
  }

  failed(model: string, pair: Pair): void {
    const delta = this.#deltaOf(model, pair);
    delta.requests += 1;
    delta.errors += 1;
  }

  skipped(model: string, pair: Pair): void {
    const delta = this.#deltaOf(model, pair);
    delta.requests += 1;
    delta.skipped += 1;
  }

  /** Moves out what was counted of a model; null if nothing was. */
  takeDeltas(model: string): ShadowDelta[] | null {
    const deltas = this.#deltas.get(model);
    if (deltas === undefined) return null;
    this.#deltas.delete(model);
    return [...deltas.values()];
  }

  #deltaOf(model: string, { stable, candidate, epoch }: Pair): ShadowDelta {
    const ofModel = this.#deltas.get(model) ?? new Map<string, ShadowDelta>();
    this.#deltas.set(model, ofModel);
    const key = `${stable} ${candidate} ${epoch}`;
    const delta = ofModel.get(key) ?? {
      ...{ stable, candidate, epoch, requests: 0, compared: 0, disagreements: 0, errors: 0, skipped: 0 },
      ...{ elements: 0, sumDifference: 0, maxDifference: 0 },
    };
    ofModel.set(key, delta);
    return delta;
  }
}
