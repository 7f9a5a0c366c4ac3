// Baselines of places: live values that an operator has accepted as the usual ones of a place. The counts of the newest judged
// windows are kept for that, and to show how values moved. A version's own baseline stays as it is in its manifest.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { AcceptedBaseline } from '../../../registry/api/drift.ts';
import { addCounts, type Layout, missingSlot, outsideSlot } from './layout.ts';

/** An hour if windows last five minutes. */
const keptWindows = 12;
/** A row of the object's storage holds 2 MB. */
const keptBytes = 1_048_576;

export interface RecentWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
  /** Whether anything was past its threshold. */
  readonly past: boolean;
  /** Of each feature of the layout. */
  readonly psi: readonly number[];
}

export interface Recent {
  /** The oldest first. */
  readonly windows: readonly RecentWindow[];
  /** Of each window, in the layout of the version. */
  readonly counts: readonly Float64Array[];
}

export interface PlaceBaselineRow {
  readonly place: string;
  readonly layout: number;
  readonly counts: Float64Array;
  readonly accepted: AcceptedBaseline;
}

/** Adds a judged window to those of its place, and drops the oldest that are too many. */
export function keepRecent(
  sql: SqlStorage,
  at: { readonly version: string; readonly place: string; readonly layout: Layout },
  window: RecentWindow,
  counts: Float64Array,
): void {
  const { version, place, layout } = at;
  const before = readRecent(sql, version, place, layout.id);
  const most = Math.max(1, Math.min(keptWindows, Math.floor(keptBytes / counts.byteLength)));
  const windows = [...before.windows, window].slice(-most);
  const kept = [...before.counts, counts].slice(-most);
  const packed = new Float64Array(kept.length * layout.slots);
  for (const [index, each] of kept.entries()) packed.set(each, index * layout.slots);
  sql.exec(
    `INSERT INTO drift_recent (version, place, layout, windows, counts) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      layout = excluded.layout, windows = excluded.windows, counts = excluded.counts`,
    ...[version, place, layout.id, JSON.stringify(windows), packed.buffer as ArrayBuffer],
  );
}

export function readRecent(sql: SqlStorage, version: string, place: string, layoutId: number): Recent {
  const [row] = sql
    .exec<{ windows: string; counts: ArrayBuffer }>(
      'SELECT windows, counts FROM drift_recent WHERE version = ? AND place = ? AND layout = ?',
      ...[version, place, layoutId],
    )
    .toArray();
  if (row === undefined) return { windows: [], counts: [] };
  const windows = JSON.parse(row.windows) as RecentWindow[];
  const packed = new Float64Array(row.counts);
  const slots = packed.length / windows.length;
  return { windows, counts: windows.map((_, index) => packed.slice(index * slots, (index + 1) * slots)) };
}

/**
 * The newest windows in a row of which all, or none, were past a threshold: those before them had other values, and a mixture of
 * both would be the usual of no time.
 */
export function newestAlike({ windows, counts }: Recent): Recent {
  const newest = windows.at(-1);
  let from = windows.length;
  while (from > 0 && windows[from - 1]?.past === newest?.past) from -= 1;
  return { windows: windows.slice(from), counts: counts.slice(from) };
}

/** @returns null where no judged window is kept */
export function acceptRecent(
  sql: SqlStorage,
  at: { readonly version: string; readonly place: string; readonly layoutId: number },
  by: { readonly actor: string; readonly reason: string | null },
  nowMs: number,
): AcceptedBaseline | null {
  const { windows, counts } = newestAlike(readRecent(sql, at.version, at.place, at.layoutId));
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return null;
  const sum = new Float64Array(counts[0]?.length ?? 0);
  for (const each of counts) addCounts(sum, each);
  const accepted: AcceptedBaseline = {
    ...{ fromMs: first.fromMs, toMs: last.toMs, windows: windows.length },
    ...{ rows: windows.reduce((rows, window) => rows + window.rows, 0), atMs: nowMs, ...by },
  };
  sql.exec(
    `INSERT INTO drift_accepted (version, place, layout, counts, from_ms, to_ms, windows, rows, at_ms, actor, reason)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET layout = excluded.layout, counts = excluded.counts,
      from_ms = excluded.from_ms, to_ms = excluded.to_ms, windows = excluded.windows, rows = excluded.rows,
      at_ms = excluded.at_ms, actor = excluded.actor, reason = excluded.reason`,
    ...[at.version, at.place, at.layoutId, sum.buffer as ArrayBuffer, accepted.fromMs, accepted.toMs, accepted.windows],
    ...[accepted.rows, accepted.atMs, accepted.actor, accepted.reason],
  );
  return accepted;
}

/** @returns false where the place had no baseline of its own */
export function withdrawAccepted(sql: SqlStorage, version: string, place: string): boolean {
  const accepted = readAccepted(sql, version).has(place);
  sql.exec('DELETE FROM drift_accepted WHERE version = ? AND place = ?', version, place);
  return accepted;
}

/** By place. */
export function readAccepted(sql: SqlStorage, version: string): ReadonlyMap<string, PlaceBaselineRow> {
  const rows = sql
    .exec<{
      place: string;
      layout: number;
      counts: ArrayBuffer;
      from_ms: number;
      to_ms: number;
      windows: number;
      rows: number;
      at_ms: number;
      actor: string;
      reason: string | null;
    }>(
      `SELECT place, layout, counts, from_ms, to_ms, windows, rows, at_ms, actor, reason FROM drift_accepted WHERE version = ?`,
      version,
    )
    .toArray();
  return new Map(
    rows.map(({ place, layout, counts, from_ms, to_ms, at_ms, windows, rows, actor, reason }) => [
      place,
      {
        ...{ place, layout, counts: new Float64Array(counts) },
        accepted: { fromMs: from_ms, toMs: to_ms, windows, rows, atMs: at_ms, actor, reason },
      },
    ]),
  );
}

/** The layout that a place is judged by: the same bins, with its own counts as the reference where there are any. */
export function layoutOfPlace(layout: Layout, own: PlaceBaselineRow | undefined): Layout {
  if (own === undefined || own.layout !== layout.id) return layout;
  const { counts } = own;
  return {
    ...layout,
    features: layout.features.map((slots) => ({
      ...slots,
      baseline: {
        ...slots.baseline,
        counts: {
          bins: Array.from(counts.subarray(slots.at, slots.at + slots.bins)),
          missing: counts[missingSlot(slots)] ?? 0,
          outside: counts[outsideSlot(slots)] ?? 0,
        },
      },
    })),
  };
}
