// The layout of a version's counts in one flat array: for each feature its bins, then the number of missing values, then the
// number of values out of range. A flat array takes no memory per request, and merging is addition, with the same result in any
// order.
import type { Baseline, FeatureBaseline } from '../../../registry/baseline.ts';
import { fingerprint } from './hash.ts';

export type FeatureKind = 'input' | 'output';

export interface FeatureSlots {
  readonly kind: FeatureKind;
  readonly baseline: FeatureBaseline;
  /** The slot of the first bin. */
  readonly at: number;
  readonly bins: number;
}

export interface Layout {
  readonly features: readonly FeatureSlots[];
  readonly slots: number;
  /** Equal for baselines with equal bins. Counts of different layouts are never added up. */
  readonly id: number;
}

const slotsBeyondBins = 2;

export function layoutOf(baseline: Baseline): Layout {
  const features: FeatureSlots[] = [];
  let at = 0;
  for (const kind of ['input', 'output'] as const) {
    for (const feature of baseline[`${kind}s`]) {
      const bins = feature.counts.bins.length;
      features.push({ kind, baseline: feature, at, bins });
      at += bins + slotsBeyondBins;
    }
  }
  return {
    features,
    slots: at,
    id: fingerprint(JSON.stringify(features.map(({ baseline: { counts: _, ...bins } }) => bins))),
  };
}

export function missingSlot({ at, bins }: FeatureSlots): number {
  return at + bins;
}

export function outsideSlot({ at, bins }: FeatureSlots): number {
  return at + bins + 1;
}

/** Adds the second array to the first, in place. */
export function addCounts(sum: Float64Array, more: ArrayLike<number>): void {
  for (let slot = 0; slot < sum.length; slot++) sum[slot] = (sum[slot] ?? 0) + (more[slot] ?? 0);
}
