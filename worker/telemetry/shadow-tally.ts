// Adds up the shadow runs of this isolate since the last report, per pair of versions.
import type { Comparison } from './compare-outputs.ts';

/** The counts of one pair under one epoch. */
export interface ShadowDelta {
  readonly stable: string;
  readonly candidate: string;
  readonly epoch: number;
  /** Requests that were sampled: compared, failed or skipped. */
  requests: number;
  compared: number;
  /** Compared answers that decide differently: see {@link Comparison}. */
  disagreements: number;
  /** Requests that the candidate failed to answer. */
  errors: number;
  /** Requests that were not compared: both versions did not fit into memory, or too many shadow runs were under way. */
  skipped: number;
  /** The number of pairs of numbers that were compared. */
  elements: number;
  sumDifference: number;
  maxDifference: number;
}

type Pair = Pick<ShadowDelta, 'stable' | 'candidate' | 'epoch'>;

export class ShadowTally {
  /** Keyed by model, then by pair and epoch. */
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

  /** Moves out what was counted for a model; null if there is nothing. */
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
