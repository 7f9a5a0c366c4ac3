// Judges one window of one place against the baseline. A statistic is past its threshold only if it is larger than the threshold
// and larger than what sampling alone would produce from undrifted data, whichever caller is left out.
import type { FeatureVerdict, Thresholds } from '../../../registry/api/drift.ts';
import { type StatisticName, statisticNames } from '../../../registry/statistic-names.ts';
import type { CallerCounts } from './caller-counts.ts';
import { chiSquaredLimit } from './chi-squared.ts';
import {
  chanceOfShare,
  jensenShannonDistance,
  noiseOfJensenShannon,
  noiseOfPsi,
  poolSparseBins,
  populationStabilityIndex,
  total,
} from './distance.ts';
import { type FeatureSlots, type Layout, missingSlot, outsideSlot } from './layout.ts';
import { callersBySize, comparisons } from './without-one.ts';

export interface Verdict {
  /** False if every feature has too few values: then the window says nothing. */
  readonly judged: boolean;
  readonly features: FeatureVerdict[];
  /** The counts of all callers, the largest held back. */
  readonly counts: Float64Array;
}

/**
 * The chance to be wrong that one comparison may have: Bonferroni's share of the whole, which holds however the statistics depend
 * on each other.
 * @param places the number of places that are judged in the same window
 */
function chanceOfOne({ features }: Layout, thresholds: Thresholds, places: number): number {
  return thresholds.falseAlarms / Math.max(1, features.length * statisticNames.length * places);
}

/**
 * The number of values from which a feature is judged: the noise of its PSI, (1/n) times the chi-squared limit, is then within
 * the threshold, and each bin expects five values. The baseline's own noise does not raise this number: it raises the noise that a
 * statistic must exceed.
 */
export function minimumSamples(bins: number, thresholds: Thresholds, chance: number): number {
  if (bins < 2) return 1;
  return Math.max(5 * bins, Math.ceil(chiSquaredLimit(chance, bins - 1) / thresholds.psi));
}

/** The number of rows from which all features of a window can be judged, if none of its values is missing. */
export function minimumRows(layout: Layout, thresholds: Thresholds, places: number): number {
  const chance = chanceOfOne(layout, thresholds, places);
  const most = layout.features.reduce((bins, feature) => Math.max(bins, feature.bins), 1);
  return minimumSamples(most, thresholds, chance);
}

/** @param callers the counts of the window by caller, in the layout of the baseline */
export function judge(
  layout: Layout,
  callers: readonly CallerCounts[],
  thresholds: Thresholds,
  places: number,
): Verdict {
  const chance = chanceOfOne(layout, thresholds, places);
  const enough = minimumRows(layout, thresholds, places);
  const [whole = new Float64Array(), ...withoutOne] = comparisons(callersBySize(callers, enough), layout.slots, enough);
  const features = layout.features.map((slots) => {
    const verdict = judgeFeature(slots, whole, thresholds, chance);
    if (!departs(verdict)) return verdict;
    return withoutOne.reduce(
      (least, counts) => lesser(least, judgeFeature(slots, counts, thresholds, chance)),
      verdict,
    );
  });
  return { judged: features.some(({ samples, minimumSamples }) => samples >= minimumSamples), features, counts: whole };
}

/** Whether anything in a verdict could be taken for drift, by the thresholds or by the limit of a rollout. */
function departs({ past, psi, psiNoise }: FeatureVerdict): boolean {
  return past.length > 0 || psi > psiNoise;
}

/**
 * Of each statistic the one that departs less from the baseline, beyond noise: a caller that is left out may be the only one that
 * departs. What is past its threshold is so in both.
 */
function lesser(a: FeatureVerdict, b: FeatureVerdict): FeatureVerdict {
  const psi = a.psi - a.psiNoise <= b.psi - b.psiNoise ? a : b;
  const distance = a.jensenShannon - a.jensenShannonNoise <= b.jensenShannon - b.jensenShannonNoise ? a : b;
  const departure = ({ missing, missingReference }: FeatureVerdict) => Math.abs(missing - missingReference);
  return {
    ...a,
    samples: Math.min(a.samples, b.samples),
    ...{ psi: psi.psi, psiNoise: psi.psiNoise },
    ...{ jensenShannon: distance.jensenShannon, jensenShannonNoise: distance.jensenShannonNoise },
    missing: departure(a) <= departure(b) ? a.missing : b.missing,
    outside: Math.min(a.outside, b.outside),
    past: a.past.filter((name) => b.past.includes(name)),
  };
}

function judgeFeature(
  slots: FeatureSlots,
  counts: Float64Array,
  thresholds: Thresholds,
  chance: number,
): FeatureVerdict {
  const { baseline, kind } = slots;
  const bins = counts.subarray(slots.at, slots.at + slots.bins);
  const live = sizes(total(bins), counts[missingSlot(slots)] ?? 0, counts[outsideSlot(slots)] ?? 0);
  const reference = sizes(total(baseline.counts.bins), baseline.counts.missing, baseline.counts.outside);
  const least = minimumSamples(slots.bins, thresholds, chance);
  const pair = poolSparseBins(baseline.counts.bins, bins);
  const comparable = live.samples > 0 && reference.samples > 0;
  const sampling = { reference: reference.samples, live: live.samples, bins: pair.live.length };
  const psi = comparable ? populationStabilityIndex(pair) : 0;
  const psiNoise = comparable ? noiseOfPsi(sampling, chance) : 0;
  const jensenShannon = comparable ? jensenShannonDistance(pair) : 0;
  const jensenShannonNoise = comparable ? noiseOfJensenShannon(sampling, chance) : 0;
  const past: StatisticName[] = [];
  if (comparable && live.samples >= least) {
    if (psi > Math.max(thresholds.psi, psiNoise)) past.push('psi');
    if (jensenShannon > Math.max(thresholds.jensenShannon, jensenShannonNoise)) past.push('jensenShannon');
    const rises = chanceOfShare(reference.outsideHits, live.outsideHits) < chance;
    if (live.outside - reference.outside > thresholds.outside && rises) past.push('outside');
  }
  if (live.rows >= least && reference.rows > 0) {
    const [more, less] = [live.missing - reference.missing, reference.missing - live.missing];
    const rises = more > thresholds.missing && chanceOfShare(reference.missingHits, live.missingHits) < chance / 2;
    const falls = less > thresholds.missing && chanceOfShare(live.missingHits, reference.missingHits) < chance / 2;
    if (rises || falls) past.push('missing');
  }
  return {
    ...{ feature: baseline.name, kind, samples: Math.round(live.samples), minimumSamples: least },
    ...{ psi, psiNoise, jensenShannon, jensenShannonNoise },
    ...{ missing: live.missing, missingReference: reference.missing },
    ...{ outside: live.outside, outsideReference: reference.outside, past },
  };
}

function sizes(samples: number, missing: number, outside: number) {
  const rows = samples + missing;
  return {
    ...{ samples, rows },
    missing: rows === 0 ? 0 : missing / rows,
    outside: samples === 0 ? 0 : outside / samples,
    missingHits: { hits: missing, of: rows },
    outsideHits: { hits: outside, of: samples },
  };
}
