// The part "sample" in the Durable Object: it merges the samples of all isolates. For each version and time window it keeps the
// rows with the smallest tags, which are a uniform sample of all PoPs' requests. This is the only place where popserve keeps
// inputs; rows are deleted when they expire.
import type { SqlStorage } from '@cloudflare/workers-types';
import * as z from 'zod';
import type { TelemetryPart } from '../report.ts';
import type { SampleReport } from './input-sampler.ts';

export interface SampleFilter {
  readonly version?: string;
  readonly pop?: string;
}

export interface SampleCounts {
  /** The rows that are kept. */
  readonly rows: number;
  /** The rows that were answered in the windows that are kept. */
  readonly seen: number;
  readonly skipped: number;
}

/** The last row of a page. */
export interface SamplePlace {
  readonly version: string;
  readonly fromMs: number;
  readonly tag: number;
}

export interface SamplePage {
  /** One JSON object per line. */
  readonly lines: string;
  /** Null after the last page. */
  readonly next: SamplePlace | null;
}

const columns = 'version, from_ms, tag, pop, region, at_ms, features, prediction';

/** 500 rows of 4,096 characters are 2 MB. */
const rowsOfPage = 500;

/** Stored text becomes part of a line of the sample as it is, so it must be valid. */
const jsonObject = z.string().refine(isJsonObject, 'expected a JSON object');

const sampleSchema = z.object({
  region: z.string().nullable(),
  size: z.int().min(1),
  keptMs: z.number().min(0),
  windows: z.array(
    z.object({
      version: z.string(),
      fromMs: z.number(),
      toMs: z.number(),
      seen: z.int().min(0),
      skipped: z.int().min(0),
      rows: z.array(
        z.object({
          tag: z.number().min(0).lt(1),
          item: z.object({ atMs: z.number(), features: jsonObject, prediction: jsonObject }),
        }),
      ),
    }),
  ),
}) satisfies z.ZodType<SampleReport>;

export const samplePart: TelemetryPart<'sample'> = {
  schema: sampleSchema,

  apply(sql, { region, size, keptMs, windows }, { pop, atMs }) {
    const deletedMs = deletedAtMs(sql);
    for (const { version, fromMs, toMs, seen, skipped, rows } of windows) {
      const expiresMs = toMs + keptMs;
      // The window has expired, or it began before the last deletion: none of its rows is kept.
      if (expiresMs <= atMs || fromMs <= deletedMs) continue;
      sql.exec(
        `INSERT INTO sample_windows (version, from_ms, pop, seen, skipped, expires_ms) VALUES (?, ?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET seen = seen + excluded.seen, skipped = skipped + excluded.skipped`,
        ...[version, fromMs, pop, seen, skipped, expiresMs],
      );
      // Most rows of many isolates would not stay, so they are not even written.
      const limit = largestTag(sql, version, fromMs, size) ?? 1;
      const added = rows.filter(({ tag }) => tag < limit);
      for (const { tag, item } of added) {
        sql.exec(
          `INSERT OR IGNORE INTO sample_rows (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[version, fromMs, tag, pop, region, item.atMs, item.features, item.prediction],
        );
      }
      const largest = added.length === 0 ? null : largestTag(sql, version, fromMs, size);
      if (largest === null) continue;
      sql.exec('DELETE FROM sample_rows WHERE version = ? AND from_ms = ? AND tag > ?', version, fromMs, largest);
    }
  },
};

/** The tag of the last row that has room; null while there is room for more. */
function largestTag(sql: SqlStorage, version: string, fromMs: number, size: number): number | null {
  const [last] = sql
    .exec<{ tag: number }>(
      'SELECT tag FROM sample_rows WHERE version = ? AND from_ms = ? ORDER BY tag LIMIT 1 OFFSET ?',
      ...[version, fromMs, size - 1],
    )
    .toArray();
  return last?.tag ?? null;
}

/** When the next window expires; null if nothing is kept. */
export function sampleExpiresMs(sql: SqlStorage): number | null {
  return sql.exec<{ next: number | null }>('SELECT min(expires_ms) AS next FROM sample_windows').one().next;
}

/** Deletes windows that have expired, with their rows. */
export function pruneSample(sql: SqlStorage, nowMs: number): void {
  if ((sampleExpiresMs(sql) ?? Number.POSITIVE_INFINITY) > nowMs) return;
  sql.exec('DELETE FROM sample_windows WHERE expires_ms <= ?', nowMs);
  sql.exec('DELETE FROM sample_rows WHERE (version, from_ms) NOT IN (SELECT version, from_ms FROM sample_windows)');
}

/**
 * Deletes all rows. Rows that isolates send later from windows that had begun by then are not kept either.
 * @returns how many rows were deleted
 */
export function deleteSample(sql: SqlStorage, nowMs: number): number {
  const { rows } = sql.exec<{ rows: number }>('SELECT count(*) AS rows FROM sample_rows').one();
  sql.exec('DELETE FROM sample_rows');
  sql.exec('DELETE FROM sample_windows');
  sql.exec(
    `INSERT INTO sample_deletion (only_one, at_ms) VALUES (1, ?) ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms`,
    nowMs,
  );
  return rows;
}

function deletedAtMs(sql: SqlStorage): number {
  return sql.exec<{ at: number | null }>('SELECT max(at_ms) AS at FROM sample_deletion').one().at ?? 0;
}

export function countSample(sql: SqlStorage, filter: SampleFilter): SampleCounts {
  const { where, values } = conditionOf(filter);
  const { rows } = sql
    // biome-ignore lint/plugin: a handful of values, one for each condition
    .exec<{ rows: number }>(`SELECT count(*) AS rows FROM sample_rows WHERE ${where}`, ...values)
    .one();
  const counted = sql
    .exec<{ seen: number; skipped: number }>(
      `SELECT coalesce(sum(seen), 0) AS seen, coalesce(sum(skipped), 0) AS skipped FROM sample_windows WHERE ${where}`,
      // biome-ignore lint/plugin: a handful of values, one for each condition
      ...values,
    )
    .one();
  return { rows, ...counted };
}

/** @param after null for the first page */
export function readSamplePage(sql: SqlStorage, filter: SampleFilter, after: SamplePlace | null): SamplePage {
  const { where, values } = conditionOf(filter);
  const rows = sql
    .exec<StoredRow>(
      `SELECT ${columns} FROM sample_rows WHERE (version, from_ms, tag) > (?, ?, ?) AND ${where}
        ORDER BY version, from_ms, tag LIMIT ?`,
      ...[after?.version ?? '', after?.fromMs ?? 0, after?.tag ?? 0, ...values, rowsOfPage],
    )
    .toArray();
  const last = rows.at(-1);
  return {
    lines: rows.map((row) => `${lineOf(row)}\n`).join(''),
    next:
      last === undefined || rows.length < rowsOfPage
        ? null
        : { version: last.version, fromMs: last.from_ms, tag: last.tag },
  };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

type StoredRow = Record<'version' | 'pop' | 'features' | 'prediction', string> &
  Record<'from_ms' | 'tag' | 'at_ms', number> & { region: string | null };

/** The record with its prediction and origin. A field that has the name of a feature is left out: the feature wins. */
function lineOf({ version, pop, region, at_ms: atMs, features, prediction }: StoredRow): string {
  const named: object = JSON.parse(features);
  const about = Object.entries({
    prediction,
    at: JSON.stringify(new Date(atMs).toISOString()),
    version: JSON.stringify(version),
    pop: JSON.stringify(pop),
    region: JSON.stringify(region),
  }).flatMap(([name, text]) => (Object.hasOwn(named, name) ? [] : [`"${name}":${text}`]));
  return `{${[features.slice(1, -1), ...about].filter((text) => text !== '').join(',')}}`;
}

function conditionOf({ version, pop }: SampleFilter): { where: string; values: string[] } {
  const conditions = [
    ...(version === undefined ? [] : [['version = ?', version] as const]),
    ...(pop === undefined ? [] : [['pop = ?', pop] as const]),
  ];
  return {
    where: conditions.map(([condition]) => condition).join(' AND ') || 'TRUE',
    values: conditions.map(([, value]) => value),
  };
}
