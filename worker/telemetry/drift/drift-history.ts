// How the values of a place moved over its newest judged windows, and the histogram of one feature beside what it is compared with.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { DriftHistory } from '../../../registry/api/drift.ts';
import type { Bins } from '../../../registry/binning.ts';
import { type FeatureSlots, type Layout, missingSlot, outsideSlot } from './layout.ts';
import { layoutOfPlace, readAccepted, readRecent } from './place-baselines.ts';

/** Features whose PSI is told window by window. */
const shownFeatures = 100;

export type PlaceHistory = Omit<DriftHistory, 'model'>;

/** @param asked.feature whose histogram is told; one that the version has not is told as none */
export function readHistory(
  sql: SqlStorage,
  layout: Layout,
  asked: { readonly version: string; readonly place: string; readonly feature?: string },
): PlaceHistory {
  const { version, place, feature } = asked;
  const own = readAccepted(sql, version).get(place);
  const { windows, counts } = readRecent(sql, version, place, layout.id);
  const judgedBy = layoutOfPlace(layout, own);
  const slots = judgedBy.features.find(({ baseline }) => baseline.name === feature);
  const newest = counts.at(-1);
  return {
    ...{ version, place, accepted: own?.accepted ?? null },
    windows: windows.map(({ psi, ...window }) => ({ ...window, psi: psi.slice(0, shownFeatures) })),
    features: layout.features.slice(0, shownFeatures).map(({ baseline }) => baseline.name),
    featuresLeftOut: Math.max(0, layout.features.length - shownFeatures),
    histogram: slots === undefined || newest === undefined ? null : histogramOf(slots, newest),
  };
}

function histogramOf(slots: FeatureSlots, counts: Float64Array): NonNullable<DriftHistory['histogram']> {
  const { baseline, kind, at, bins } = slots;
  const live = {
    bins: Array.from(counts.subarray(at, at + bins)),
    missing: counts[missingSlot(slots)] ?? 0,
    outside: counts[outsideSlot(slots)] ?? 0,
  };
  return { feature: baseline.name, kind, bins: binNames(baseline.bins), reference: baseline.counts, live };
}

function binNames(bins: Bins): string[] {
  if (bins.kind === 'categorical') return [...bins.categories, 'others'];
  const edges = bins.edges.map((edge) => String(Number(edge.toPrecision(5))));
  if (edges.length === 0) return ['all'];
  const between = edges.slice(1).map((edge, index) => `${edges[index]} to ${edge}`);
  return [`< ${edges[0]}`, ...between, `≥ ${edges.at(-1)}`];
}
