// One line on the drift of a version that claims no more than was judged.

import type { DriftSettings, FeatureVerdict, PlaceDrift, VersionDrift } from '../../registry/api/drift.ts';
import { distinctPlaces } from '../../registry/drift-places.ts';
import { describeWait } from '../../registry/drift-wait.ts';
import { largest } from '../../registry/extremes.ts';

/** A line names so many places and counts the others. */
const mostNamed = 2;

/**
 * `no drift`, `drifting since … at …`, `1 of 2 windows past a threshold at …`, or `not judged yet: 160 of 350 rows, looked at in 9 s`.
 * @param nowMs what durations are told from
 */
export function driftHeadline(version: VersionDrift, settings: DriftSettings, nowMs: number): string {
  const { episodes } = version;
  const places = distinctPlaces(version.places).map(({ drift }) => drift);
  const drifting = places.filter((place) => place.drifting);
  if (drifting.length > 0) {
    const [episode] = episodes;
    return `drifting${episode?.endedMs === null ? ` since ${timeOf(episode.beganMs)}` : ''} at ${named(drifting)}`;
  }
  const judged = places.filter(isJudged);
  const waiting = places.filter((place) => !isJudged(place));
  if (judged.length === 0) return `not judged yet: ${progress(places, nowMs)}`;
  const past = judged
    .map((place) => ({ place, features: pastOf(place) }))
    .filter(({ features }) => features.length > 0);
  const [worst] = past.sort((a, b) => largestPsi(b.features) - largestPsi(a.features));
  const others = waiting.length === 0 ? '' : `; not judged yet: ${named(waiting)}`;
  if (worst === undefined) return waiting.length === 0 ? 'no drift' : `no drift at ${named(judged)}${others}`;
  const { place, features } = worst;
  const elsewhere = past.length === 1 ? '' : `, and at ${past.length - 1} more`;
  return `${streakOf(place)} of ${settings.windows} windows past a threshold at ${place.place}${elsewhere}: ${farthest(features)}`;
}

/** `drifting`, `1 of 2 windows past a threshold`, `steady` or `not judged yet`. */
export function stateOfPlace(place: PlaceDrift, settings: DriftSettings): string {
  if (place.drifting) return 'drifting';
  if (!isJudged(place)) return 'not judged yet';
  if (pastOf(place).length === 0) return 'steady';
  return `${streakOf(place)} of ${settings.windows} windows past a threshold`;
}

/**
 * What a verdict on the fullest place waits for.
 * @returns `160 of 350 rows, looked at in 140 s`, or `160 of 351 values` where rows lack some
 */
export function progress(places: readonly PlaceDrift[], nowMs: number): string {
  const [fullest] = places.flatMap(({ open }) => open ?? []).sort((a, b) => b.rows - a.rows);
  if (fullest !== undefined) return describeWait(fullest, nowMs);
  const [nearest] = places
    .flatMap(({ window }) => window?.features ?? [])
    .sort((a, b) => b.samples / b.minimumSamples - a.samples / a.minimumSamples);
  return nearest === undefined ? '0 rows' : `${nearest.samples} of ${nearest.minimumSamples} values`;
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

/** The first feature with its first statistic; the table has the others. */
function farthest([first, ...others]: readonly FeatureVerdict[]): string {
  if (first === undefined) return '';
  return `${first.feature} ${statisticOf(first)}${others.length === 0 ? '' : `, ${others.length} more`}`;
}

function statisticOf(feature: FeatureVerdict): string {
  const texts: Readonly<Record<string, string>> = {
    psi: `PSI ${feature.psi.toFixed(2)}`,
    jensenShannon: `JS ${feature.jensenShannon.toFixed(2)}`,
    missing: `missing ${(feature.missing * 100).toFixed(1)} %`,
    outside: `outside ${(feature.outside * 100).toFixed(1)} %`,
  };
  const [name = ''] = feature.past;
  return texts[name] ?? name;
}

function named(places: readonly PlaceDrift[]): string {
  const names = places.slice(0, mostNamed).map(({ place }) => place);
  const more = places.length - names.length;
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
