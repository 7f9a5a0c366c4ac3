// The counts and alarms of drift in the tables of a model's Durable Object. A place is `pop:FRA`, `region:EU` or `global`. Each
// place has one open window, which reports are added to, and its closed windows.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { ClosedWindow, JudgedWindow } from '../../../registry/api/drift.ts';
import type { PlaceAlarm } from './alarm.ts';
import { unnamedBucket } from './caller-bucket.ts';
import { type CallerCounts, mergeCallers, packCallers, unpackCallers } from './caller-counts.ts';
import type { DriftDelta } from './drift-counter.ts';

/** The closed windows that are kept for each version and place: a day if windows last five minutes. */
const keptWindows = 288;

export interface OpenWindow {
  readonly place: string;
  readonly sinceMs: number;
  readonly requests: number;
  readonly rows: number;
  readonly callers: readonly CallerCounts[];
}

export interface PlaceRow {
  readonly place: string;
  readonly alarm: PlaceAlarm;
  /** When `alarm.drifting` last changed; 0 if it never did. */
  readonly changedMs: number;
  /** The newest judged window. */
  readonly window: JudgedWindow;
}

/**
 * Adds what an isolate counted to the open window of each of its places.
 * @param deltas those of one version and layout
 */
export function addDeltas(
  sql: SqlStorage,
  deltas: readonly DriftDelta[],
  places: readonly string[],
  atMs: number,
): void {
  const [first] = deltas;
  if (first === undefined) return;
  const { version, layout } = first;
  const [requests, rows] = [sumOf(deltas, 'requests'), sumOf(deltas, 'rows')];
  const more = deltas.map(({ bucket = unnamedBucket, rows, counts }) => ({ bucket, rows, counts }));
  const [known] = sql
    .exec<{ layout: number; opened_ms: number | null }>(
      'SELECT layout, opened_ms FROM drift_versions WHERE version = ?',
      version,
    )
    .toArray();
  // The version was retired and published again with another baseline: its old counts do not fit.
  if (known !== undefined && known.layout !== layout) forgetVersion(sql, version);
  sql.exec(
    `INSERT INTO drift_versions (version, layout, opened_ms) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
      opened_ms = coalesce(opened_ms, excluded.opened_ms)`,
    ...[version, layout, atMs],
  );
  for (const place of places) {
    const open = readOpen(sql, version, place);
    const callers = mergeCallers(more, open?.callers ?? []);
    sql.exec(
      `INSERT INTO drift_open (version, place, since_ms, requests, rows, counts) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET requests = excluded.requests, rows = excluded.rows, counts = excluded.counts`,
      ...[version, place, open?.sinceMs ?? atMs, requests + (open?.requests ?? 0), rows + (open?.rows ?? 0)],
      packCallers(callers).buffer as ArrayBuffer,
    );
  }
}

function sumOf(deltas: readonly DriftDelta[], of: 'requests' | 'rows'): number {
  return deltas.reduce((sum, delta) => sum + delta[of], 0);
}

/** The versions with open windows, and when the windows were opened. */
export function openVersions(sql: SqlStorage): { version: string; layout: number; openedMs: number }[] {
  return sql
    .exec<{ version: string; layout: number; openedMs: number }>(
      'SELECT version, layout, opened_ms AS openedMs FROM drift_versions WHERE opened_ms IS NOT NULL',
    )
    .toArray();
}

/** The layout of a version's counts; null for a version that is not known. */
export function layoutIdOf(sql: SqlStorage, version: string): number | null {
  const [known] = sql
    .exec<{ layout: number }>('SELECT layout FROM drift_versions WHERE version = ?', version)
    .toArray();
  return known?.layout ?? null;
}

export function knownVersions(sql: SqlStorage): string[] {
  return sql
    .exec<{ version: string }>('SELECT version FROM drift_versions ORDER BY version')
    .toArray()
    .map(({ version }) => version);
}

const selectOpen = 'SELECT place, since_ms, requests, rows, counts FROM drift_open';

export function readOpenWindows(sql: SqlStorage, version: string): OpenWindow[] {
  return sql.exec<OpenRow>(`${selectOpen} WHERE version = ? ORDER BY place`, version).toArray().map(openWindow);
}

function readOpen(sql: SqlStorage, version: string, place: string): OpenWindow | undefined {
  return sql
    .exec<OpenRow>(`${selectOpen} WHERE version = ? AND place = ?`, version, place)
    .toArray()
    .map(openWindow)[0];
}

type OpenRow = { place: string; since_ms: number; requests: number; rows: number; counts: ArrayBuffer };

function openWindow({ place, since_ms: sinceMs, requests, rows, counts }: OpenRow): OpenWindow {
  return { place, sinceMs, requests, rows, callers: unpackCallers(new Float64Array(counts), rows) };
}

/** Closes the open window of a place and keeps what came of it. */
export function closeWindow(sql: SqlStorage, version: string, place: string, window: ClosedWindow): void {
  const { fromMs, toMs, rows, judged, maxPsi, past } = window;
  sql.exec('DELETE FROM drift_open WHERE version = ? AND place = ?', version, place);
  sql.exec(
    `INSERT INTO drift_windows (version, place, from_ms, to_ms, rows, judged, max_psi, past) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET from_ms = excluded.from_ms, rows = excluded.rows, judged = excluded.judged,
      max_psi = excluded.max_psi, past = excluded.past`,
    ...[version, place, fromMs, toMs, rows, judged ? 1 : 0, maxPsi, JSON.stringify(past)],
  );
  sql.exec(
    `DELETE FROM drift_windows WHERE version = ? AND place = ? AND to_ms NOT IN (
      SELECT to_ms FROM drift_windows WHERE version = ? AND place = ? ORDER BY to_ms DESC LIMIT ?)`,
    ...[version, place, version, place, keptWindows],
  );
}

/** The newest `limit` closed windows, oldest first. */
export function readClosedWindows(sql: SqlStorage, version: string, place: string, limit: number): ClosedWindow[] {
  return sql
    .exec<{ from_ms: number; to_ms: number; rows: number; judged: number; max_psi: number; past: string }>(
      `SELECT from_ms, to_ms, rows, judged, max_psi, past FROM drift_windows
        WHERE version = ? AND place = ? ORDER BY to_ms DESC LIMIT ?`,
      ...[version, place, limit],
    )
    .toArray()
    .reverse()
    .map((row) => ({
      ...{ fromMs: row.from_ms, toMs: row.to_ms, rows: row.rows, judged: row.judged === 1, maxPsi: row.max_psi },
      past: JSON.parse(row.past) as string[],
    }));
}

export function readPlaces(sql: SqlStorage, version: string): PlaceRow[] {
  return sql
    .exec<{ place: string; drifting: number; streak: number; changed_ms: number; window: string }>(
      'SELECT place, drifting, streak, changed_ms, window FROM drift_places WHERE version = ? ORDER BY place',
      version,
    )
    .toArray()
    .map(({ place, drifting, streak, changed_ms: changedMs, window }) => ({
      ...{ place, alarm: { drifting: drifting === 1, streak }, changedMs },
      window: JSON.parse(window) as JudgedWindow,
    }));
}

export function writePlace(sql: SqlStorage, version: string, { place, alarm, changedMs, window }: PlaceRow): void {
  sql.exec(
    `INSERT INTO drift_places (version, place, drifting, streak, changed_ms, window) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET drifting = excluded.drifting, streak = excluded.streak, changed_ms = excluded.changed_ms,
      window = excluded.window`,
    ...[version, place, alarm.drifting ? 1 : 0, alarm.streak, changedMs, JSON.stringify(window)],
  );
}

/** Notes that a version has no open window: its next report opens one. */
export function settleVersion(sql: SqlStorage, version: string): void {
  sql.exec('UPDATE drift_versions SET opened_ms = NULL WHERE version = ?', version);
}

const versionTables = [
  'drift_versions',
  'drift_open',
  'drift_windows',
  'drift_places',
  'drift_recent',
  'drift_accepted',
];

export function forgetVersion(sql: SqlStorage, version: string): void {
  for (const table of versionTables) {
    sql.exec(`DELETE FROM ${table} WHERE version = ?`, version);
  }
}

/** Drops windows that were closed before a time, and places that have none left: PoPs from which nothing is heard any more. */
export function forgetSilent(sql: SqlStorage, beforeMs: number): void {
  sql.exec('DELETE FROM drift_windows WHERE to_ms < ?', beforeMs);
  sql.exec(
    `DELETE FROM drift_places WHERE drifting = 0 AND (version, place) NOT IN (SELECT version, place FROM drift_windows)
      AND (version, place) NOT IN (SELECT version, place FROM drift_open)`,
  );
  sql.exec('DELETE FROM drift_recent WHERE (version, place) NOT IN (SELECT version, place FROM drift_places)');
}
