// The drift of a model as its Durable Object gives it: for `popserve drift`, the HTTP API and metrics.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { DriftSettings, DriftStatus, PlaceDrift } from '../../../registry/api/drift.ts';
import type { Outbox } from '../signal/outbox.ts';
import {
  knownVersions,
  type OpenWindow,
  openVersions,
  readClosedWindows,
  readOpenWindows,
  readPlaces,
} from './drift-tables.ts';
import { readEpisodes } from './episodes.ts';
import { readAccepted } from './place-baselines.ts';
import { lackOf, waitOf } from './wait.ts';
import { callersBySize, rowsOfOthers } from './without-one.ts';

const shownWindows = 24;
const shownEvents = 20;

/**
 * @param minimumRows keyed by version
 * @param filter `version` selects one version; `pop` selects the place of one PoP, without its region and the world
 */
export function readDrift(
  sql: SqlStorage,
  outbox: Outbox,
  settings: DriftSettings,
  minimumRows: ReadonlyMap<string, number>,
  filter: { version?: string; pop?: string },
): DriftStatus {
  const windowMs = settings.windowSeconds * 1000;
  const looks = new Map(openVersions(sql).map(({ version, openedMs }) => [version, openedMs + windowMs]));
  const versions = knownVersions(sql)
    .filter((version) => filter.version === undefined || version === filter.version)
    .map((version) => ({
      version,
      minimumRows: minimumRows.get(version) ?? null,
      episodes: readEpisodes(sql, version),
      places: placesOf(sql, version, {
        enough: minimumRows.get(version) ?? null,
        lookMs: looks.get(version) ?? null,
        windowMs,
      }).filter(({ place }) => filter.pop === undefined || place === `pop:${filter.pop}`),
    }));
  return { settings, versions, events: outbox.read(shownEvents) };
}

interface Review {
  /** Rows from which a window is judged; null: not known. */
  readonly enough: number | null;
  /** When the windows of the version are looked at next; null: its next report decides. */
  readonly lookMs: number | null;
  readonly windowMs: number;
}

function placesOf(sql: SqlStorage, version: string, review: Review): PlaceDrift[] {
  const open = new Map(readOpenWindows(sql, version).map((window) => [window.place, window]));
  const judged = new Map(readPlaces(sql, version).map((row) => [row.place, row]));
  const accepted = readAccepted(sql, version);
  const world = open.get('global');
  return [...new Set([...open.keys(), ...judged.keys()])].sort().map((place) => {
    const filling = open.get(place);
    const row = judged.get(place);
    return {
      place,
      drifting: row?.alarm.drifting ?? false,
      changedMs: row?.changedMs ?? 0,
      open: filling === undefined ? null : describeOpen(filling, world, review),
      window: row?.window ?? null,
      windows: readClosedWindows(sql, version, place, shownWindows),
      accepted: accepted.get(place)?.accepted ?? null,
    };
  });
}

function describeOpen(
  window: OpenWindow,
  world: OpenWindow | undefined,
  { enough, lookMs, windowMs }: Review,
): NonNullable<PlaceDrift['open']> {
  const { sinceMs, rows, callers } = window;
  const described = { sinceMs, rows, rowsOfOthers: rowsOfOthers(callersBySize(callers, enough ?? 0)) };
  if (enough === null) return { ...described, waits: null };
  const lack = lackOf(window, enough, callersBySize(world?.callers ?? [], enough), windowMs);
  return { ...described, waits: waitOf(lack, rows, enough, lookMs) };
}
