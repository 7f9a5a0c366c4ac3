// The tables of a model's Durable Object: every change that they ever went through, in order. To change a table add a migration at
// the end; objects that exist have run the earlier ones and do not run them again.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { Migration } from './migrate.ts';

export const migrations: readonly Migration[] = [
  { title: 'tables as of 0.1.0', olderCodeMayRun: true, apply: createFirstTables },
  { title: 'durations of calls', olderCodeMayRun: true, apply: createLatencyTables },
  // Older code that folds epochs forgets how the last day went, and no more.
  { title: 'counts of the last day', olderCodeMayRun: true, apply: addRecentCounts },
  { title: 'truths of answers', olderCodeMayRun: true, apply: createFeedbackTables },
  // Older code judges such places against the version's baseline, and keeps no windows.
  { title: 'baselines of places', olderCodeMayRun: true, apply: createPlaceBaselines },
  // Older code that folds epochs forgets which engine answered, and no more.
  { title: 'runs of the second engine', olderCodeMayRun: true, apply: addLitertCounts },
];

/** Objects of 0.1.0 have these tables already, and no version. */
function createFirstTables(sql: SqlStorage): void {
  dropWindowsWithoutRequests(sql);
  for (const table of firstTables) sql.exec(`CREATE TABLE IF NOT EXISTS ${table}`);
  // Each report looks for the sample window that expires next.
  sql.exec('CREATE INDEX IF NOT EXISTS sample_expiry ON sample_windows (expires_ms)');
}

/** Before 0.1.0 open windows did not count requests. An open window of that time starts anew. */
function dropWindowsWithoutRequests(sql: SqlStorage): void {
  const columns = sql.exec<{ name: string }>('PRAGMA table_info(drift_open)').toArray();
  if (columns.length > 0 && !columns.some(({ name }) => name === 'requests')) sql.exec('DROP TABLE drift_open');
}

/** Older code leaves them alone; what it does not fold is folded when newer code reads the next route. */
function createLatencyTables(sql: SqlStorage): void {
  sql.exec(`CREATE TABLE IF NOT EXISTS latency (
    version TEXT NOT NULL, epoch INTEGER NOT NULL, side TEXT NOT NULL, counts BLOB NOT NULL,
    PRIMARY KEY (version, epoch, side)) WITHOUT ROWID`);
  // The time comes first in the key, so that old rows are found without a search.
  sql.exec(`CREATE TABLE IF NOT EXISTS latency_recent (
    from_ms INTEGER NOT NULL, version TEXT NOT NULL, pop TEXT NOT NULL, side TEXT NOT NULL, counts BLOB NOT NULL,
    PRIMARY KEY (from_ms, version, pop, side)) WITHOUT ROWID`);
}

function addRecentCounts(sql: SqlStorage): void {
  sql.exec('ALTER TABLE counts ADD COLUMN recent BLOB');
}

function addLitertCounts(sql: SqlStorage): void {
  for (const column of ['litert_runs', 'litert_failures']) {
    sql.exec(`ALTER TABLE counts ADD COLUMN ${column} INTEGER NOT NULL DEFAULT 0`);
  }
}

/** Older code leaves them alone, and its isolates take no feedback. */
function createFeedbackTables(sql: SqlStorage): void {
  sql.exec(`CREATE TABLE IF NOT EXISTS feedback (
    version TEXT NOT NULL, epoch INTEGER NOT NULL, side TEXT NOT NULL, counts BLOB NOT NULL,
    PRIMARY KEY (version, epoch, side)) WITHOUT ROWID`);
  sql.exec(`CREATE TABLE IF NOT EXISTS feedback_recent (
    from_ms INTEGER NOT NULL, version TEXT NOT NULL, pop TEXT NOT NULL, side TEXT NOT NULL, counts BLOB NOT NULL,
    PRIMARY KEY (from_ms, version, pop, side)) WITHOUT ROWID`);
  sql.exec(`CREATE TABLE IF NOT EXISTS feedback_seen (
    expires_day INTEGER NOT NULL, issuer TEXT NOT NULL, block INTEGER NOT NULL, bits BLOB NOT NULL,
    PRIMARY KEY (expires_day, issuer, block)) WITHOUT ROWID`);
}

/** Rows say which layout their counts have: older code forgets a version without them. */
function createPlaceBaselines(sql: SqlStorage): void {
  sql.exec(`CREATE TABLE IF NOT EXISTS drift_recent (
    version TEXT NOT NULL, place TEXT NOT NULL, layout INTEGER NOT NULL, windows TEXT NOT NULL, counts BLOB NOT NULL,
    PRIMARY KEY (version, place)) WITHOUT ROWID`);
  sql.exec(`CREATE TABLE IF NOT EXISTS drift_accepted (
    version TEXT NOT NULL, place TEXT NOT NULL, layout INTEGER NOT NULL, counts BLOB NOT NULL, from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL, windows INTEGER NOT NULL, rows INTEGER NOT NULL, at_ms INTEGER NOT NULL, actor TEXT NOT NULL,
    reason TEXT, PRIMARY KEY (version, place)) WITHOUT ROWID`);
}

const firstTables = [
  // Propagation: who serves which epoch, when the first isolate of a PoP served from an epoch, when an epoch was written.
  `isolates (
    isolate TEXT PRIMARY KEY, pop TEXT NOT NULL, sequence INTEGER NOT NULL, serving TEXT NOT NULL,
    epoch INTEGER NOT NULL, seen_ms INTEGER NOT NULL) WITHOUT ROWID`,
  `reached (
    epoch INTEGER NOT NULL, pop TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (epoch, pop)) WITHOUT ROWID`,
  'releases (epoch INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL)',

  // Events on their way to the webhook.
  `events (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, body TEXT NOT NULL, created_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,
    delivered_ms INTEGER, next_ms INTEGER, last_error TEXT) WITHOUT ROWID`,

  // Upkeep: when a version was heard of, when a task ran last.
  'heard (version TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID',
  'upkeep (task TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID',

  // The part "counts".
  `counts (
    version TEXT NOT NULL, epoch INTEGER NOT NULL, requests INTEGER NOT NULL, inferences INTEGER NOT NULL,
    routed_requests INTEGER NOT NULL, routed_failures INTEGER NOT NULL, load_failures INTEGER NOT NULL,
    last_inference_ms INTEGER NOT NULL, PRIMARY KEY (version, epoch)) WITHOUT ROWID`,
  `failures (
    version TEXT NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (version, code)) WITHOUT ROWID`,

  // The part "drift".
  `drift_versions (
    version TEXT PRIMARY KEY, layout INTEGER NOT NULL, opened_ms INTEGER) WITHOUT ROWID`,
  `drift_open (
    version TEXT NOT NULL, place TEXT NOT NULL, since_ms INTEGER NOT NULL, requests INTEGER NOT NULL, rows INTEGER NOT NULL,
    counts BLOB NOT NULL, PRIMARY KEY (version, place)) WITHOUT ROWID`,
  `drift_windows (
    version TEXT NOT NULL, place TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, rows INTEGER NOT NULL,
    judged INTEGER NOT NULL, max_psi REAL NOT NULL, past TEXT NOT NULL, PRIMARY KEY (version, place, to_ms)) WITHOUT ROWID`,
  `drift_places (
    version TEXT NOT NULL, place TEXT NOT NULL, drifting INTEGER NOT NULL, streak INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL, window TEXT NOT NULL, PRIMARY KEY (version, place)) WITHOUT ROWID`,
  `drift_episodes (
    id TEXT PRIMARY KEY, version TEXT NOT NULL, began_ms INTEGER NOT NULL, ended_ms INTEGER, reason TEXT) WITHOUT ROWID`,

  // The part "sample".
  `sample_windows (
    version TEXT NOT NULL, from_ms INTEGER NOT NULL, pop TEXT NOT NULL, seen INTEGER NOT NULL, skipped INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL, PRIMARY KEY (version, from_ms, pop)) WITHOUT ROWID`,
  `sample_rows (
    version TEXT NOT NULL, from_ms INTEGER NOT NULL, tag REAL NOT NULL, pop TEXT NOT NULL, region TEXT,
    at_ms INTEGER NOT NULL, features TEXT NOT NULL, prediction TEXT NOT NULL,
    PRIMARY KEY (version, from_ms, tag)) WITHOUT ROWID`,
  'sample_deletion (only_one INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL)',

  // The part "shadow".
  `shadow (
    stable TEXT NOT NULL, candidate TEXT NOT NULL, epoch INTEGER NOT NULL, requests INTEGER NOT NULL,
    compared INTEGER NOT NULL, disagreements INTEGER NOT NULL, errors INTEGER NOT NULL, skipped INTEGER NOT NULL,
    elements INTEGER NOT NULL, sum_difference REAL NOT NULL, max_difference REAL NOT NULL,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, PRIMARY KEY (stable, candidate, epoch)) WITHOUT ROWID`,
];
