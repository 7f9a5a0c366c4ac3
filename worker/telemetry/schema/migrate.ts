// Brings the tables of a Durable Object to the schema that this code knows. An object outlives every deploy, and a deploy can be
// rolled back: docs/releases.md, "When its tables change", says what happens then. The platform does not allow
// `PRAGMA user_version`, so the schema is a table of its own.
// @see https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/
import type { SqlStorage } from '@cloudflare/workers-types';
import { PopserveError } from '../../../registry/errors.ts';

/** One change of the tables. Its version is its place in the list, from 1: it is never changed once it is released. */
export interface Migration {
  readonly title: string;
  /**
   * Whether code that does not know this migration may run on the migrated tables. It must find all that it reads and writes, and
   * must not damage what is new: a column with a default that is never added up qualifies, a column of `counts` that is folded
   * does not.
   */
  readonly olderCodeMayRun: boolean;
  apply(sql: SqlStorage): void;
}

export interface Schema {
  /** The version of the tables after the call. */
  readonly version: number;
  /** The number of migrations that this code knows. */
  readonly known: number;
  /** Set if newer code wrote the tables and this code would read them wrongly or damage them; null if it may use them. */
  readonly refusal: PopserveError | null;
}

/**
 * Runs the migrations that the object has not seen, in order. Tables of newer code are left as they are. Must be called within a
 * transaction.
 */
export function migrate(sql: SqlStorage, migrations: readonly Migration[], nowMs: number): Schema {
  // `oldest_code`: how many migrations code must know to run on the tables.
  sql.exec(`CREATE TABLE IF NOT EXISTS schema_versions (
    version INTEGER PRIMARY KEY, title TEXT NOT NULL, oldest_code INTEGER NOT NULL, at_ms INTEGER NOT NULL)`);
  const [newest] = sql
    .exec<{ version: number; oldest_code: number }>(
      'SELECT version, oldest_code FROM schema_versions ORDER BY version DESC LIMIT 1',
    )
    .toArray();
  const known = migrations.length;
  let version = newest?.version ?? 0;
  let oldestCode = newest?.oldest_code ?? 0;
  for (const { title, olderCodeMayRun, apply } of migrations.slice(version)) {
    apply(sql);
    version += 1;
    if (!olderCodeMayRun) oldestCode = version;
    sql.exec(
      'INSERT INTO schema_versions (version, title, oldest_code, at_ms) VALUES (?, ?, ?, ?)',
      ...[version, title, oldestCode, nowMs],
    );
  }
  return { version, known, refusal: oldestCode > known ? refusalOf(version, oldestCode, known) : null };
}

function refusalOf(version: number, oldestCode: number, known: number): PopserveError {
  return new PopserveError(
    'UNAVAILABLE',
    `the telemetry of this model has tables of schema ${version}, which need code that knows schema ${oldestCode}; this code ` +
      `knows ${known}: deploy the newer code again. Nothing was changed`,
  );
}
