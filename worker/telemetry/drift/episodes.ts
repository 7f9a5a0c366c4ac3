// An episode of drift lasts from when the first place of a version drifts until none does any more. It begins and ends with one
// event.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { DriftSettings, EndReason, Episode, FeatureVerdict, Thresholds } from '../../../registry/api/drift.ts';
import { type StatisticName, statisticNames } from '../../../registry/statistic-names.ts';
import type { PlaceRow } from './drift-tables.ts';

export interface DriftEvent {
  readonly id: string;
  readonly type: 'retrain.requested' | 'drift.resolved';
  readonly data: Readonly<Record<string, unknown>>;
}

export function openEpisode(sql: SqlStorage, version: string): Episode | null {
  return readEpisodes(sql, version).find(({ endedMs }) => endedMs === null) ?? null;
}

/** The newest episodes, newest first. */
export function readEpisodes(sql: SqlStorage, version: string): Episode[] {
  return sql
    .exec<{ id: string; version: string; began_ms: number; ended_ms: number | null; reason: EndReason | null }>(
      `SELECT id, version, began_ms, ended_ms, reason FROM drift_episodes WHERE version = ?
        ORDER BY began_ms DESC LIMIT 20`,
      version,
    )
    .toArray()
    .map(({ id, version, began_ms, ended_ms, reason }) => ({
      ...{ id, version, beganMs: began_ms, endedMs: ended_ms, reason },
    }));
}

/** Drops episodes that ended before a time. */
export function forgetEpisodes(sql: SqlStorage, beforeMs: number): void {
  sql.exec('DELETE FROM drift_episodes WHERE ended_ms < ?', beforeMs);
}

/** @returns the event that asks for retraining */
export function beginEpisode(
  sql: SqlStorage,
  of: { model: string; version: string; drifting: readonly PlaceRow[]; settings: DriftSettings },
  nowMs: number,
): DriftEvent {
  const { model, version, drifting, settings } = of;
  const id = crypto.randomUUID();
  sql.exec('INSERT INTO drift_episodes (id, version, began_ms) VALUES (?, ?, ?)', id, version, nowMs);
  const places = drifting.map(({ place, window }) => ({
    place,
    from: time(window.fromMs),
    to: time(window.toMs),
    rows: window.rows,
    features: window.features
      .filter(({ past }) => past.length > 0)
      .map((verdict) => describeFeature(verdict, settings.thresholds)),
  }));
  const features = [...new Set(places.flatMap((place) => place.features.map(({ feature }) => feature)))];
  return { id, type: 'retrain.requested', data: { model, version, features, places } };
}

export function endEpisode(
  sql: SqlStorage,
  { id, version, beganMs }: Episode,
  { model, reason }: { model: string; reason: EndReason },
  nowMs: number,
): DriftEvent {
  sql.exec('UPDATE drift_episodes SET ended_ms = ?, reason = ? WHERE id = ?', nowMs, reason, id);
  const data = { model, version, requested: id, reason, from: time(beganMs), to: time(nowMs) };
  return { id: `${id}.resolved`, type: 'drift.resolved', data };
}

/** The statistics of a feature that are past their thresholds, with those thresholds. */
function describeFeature(verdict: FeatureVerdict, thresholds: Thresholds) {
  const { feature, kind, samples, past } = verdict;
  const statistics = Object.fromEntries(
    statisticNames
      .filter((name) => past.includes(name))
      .map((name) => [name, { value: verdict[name], ...referenceOf(verdict, name), threshold: thresholds[name] }]),
  );
  return { feature, kind, samples, statistics };
}

function referenceOf(verdict: FeatureVerdict, name: StatisticName): { reference?: number } {
  if (name === 'missing') return { reference: verdict.missingReference };
  return name === 'outside' ? { reference: verdict.outsideReference } : {};
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
