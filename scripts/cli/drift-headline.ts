// One phrase on the drift of a version that claims no more than was judged.

import type { DriftSettings, FeatureVerdict, PlaceDrift, VersionDrift } from '../../registry/api/drift.ts';
import { largest } from '../../registry/extremes.ts';

/** `no drift`, `drifting since … at …`, `1 of 2 windows past a threshold at …`, or `not judged yet: 160 of 350 rows`. */
export function driftHeadline(version: VersionDrift, settings: DriftSettings): string {
  const { places, episodes } = version;
  const drifting = places.filter((place) => place.drifting);
  if (drifting.length > 0) {
    const [episode] = episodes;
    return `drifting${episode?.endedMs === null ? ` since ${timeOf(episode.beganMs)}` : ''} at ${named(drifting)}`;
  }
  const judged = places.filter(isJudged);
  const waiting = places.filter((place) => !isJudged(place));
  if (judged.length === 0) return `not judged yet: ${progress(version)}`;
  const past = judged
    .map((place) => ({ place, features: pastOf(place) }))
    .filter(({ features }) => features.length > 0);
  const [worst] = past.sort((a, b) => largestPsi(b.features) - largestPsi(a.features));
  const others = waiting.length === 0 ? '' : `; not judged yet: ${named(waiting)}`;
  if (worst === undefined) return waiting.length === 0 ? 'no drift' : `no drift at ${named(judged)}${others}`;
  const { place, features } = worst;
  const elsewhere = past.length === 1 ? '' : `, and at ${past.length - 1} more`;
  const statistics = features.map((feature) => `${feature.feature} ${statisticsOf(feature)}`).join('; ');
  return `${streakOf(place)} of ${settings.windows} windows past a threshold at ${place.place}${elsewhere}: ${statistics}${others}`;
}

/**
 * How far the fullest place is from a verdict.
 * @returns `160 of 350 rows`, `of callers but the largest` where one caller sent nearly all, or `values` where rows lack some
 */
export function progress({ places, minimumRows }: Pick<VersionDrift, 'places' | 'minimumRows'>): string {
  const [fullest] = places.flatMap(({ open }) => open ?? []).sort((a, b) => b.rows - a.rows);
  const rows = fullest?.rows ?? 0;
  const others = fullest?.rowsOfOthers ?? 0;
  if (rows > 0 && minimumRows !== null) {
    const waits = rows >= minimumRows && others > 0 && others < minimumRows;
    return waits ? `${others} of ${minimumRows} rows of callers but the largest` : `${rows} of ${minimumRows} rows`;
  }
  const [nearest] = places
    .flatMap(({ window }) => window?.features ?? [])
    .sort((a, b) => b.samples / b.minimumSamples - a.samples / a.minimumSamples);
  return nearest === undefined ? `${rows} rows` : `${nearest.samples} of ${nearest.minimumSamples} values`;
}

/** As UTC to the second. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function isJudged({ window }: PlaceDrift): boolean {
  return window?.features.some(({ samples, minimumSamples }) => samples >= minimumSamples) ?? false;
}

function pastOf({ window }: PlaceDrift): FeatureVerdict[] {
  return (window?.features ?? []).filter(({ past }) => past.length > 0).sort((a, b) => b.psi - a.psi);
}

function largestPsi(features: readonly FeatureVerdict[]): number {
  return largest(features.map(({ psi }) => psi));
}

/** The newest judged windows in a row with anything past a threshold. */
function streakOf({ windows }: PlaceDrift): number {
  const judged = windows.filter((window) => window.judged).reverse();
  const quiet = judged.findIndex(({ past }) => past.length === 0);
  return Math.max(1, quiet === -1 ? judged.length : quiet);
}

function statisticsOf(feature: FeatureVerdict): string {
  const texts: Readonly<Record<string, string>> = {
    psi: `PSI ${feature.psi.toFixed(2)}`,
    jensenShannon: `JS ${feature.jensenShannon.toFixed(2)}`,
    missing: `missing ${(feature.missing * 100).toFixed(1)} %`,
    outside: `outside ${(feature.outside * 100).toFixed(1)} %`,
  };
  return feature.past.map((name) => texts[name] ?? name).join(', ');
}

function named(places: readonly PlaceDrift[]): string {
  return places.map(({ place }) => place).join(', ');
}
