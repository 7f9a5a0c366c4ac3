// Records which PoP serves which epoch of a model, and how long a release took to reach the PoPs. All times are taken from the
// object's own clock.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { PopStatus, ReleaseStatus, Serving } from '../../registry/api/status.ts';
import type { IsolateReport } from './report.ts';

/** An isolate that has been silent for longer is considered gone. */
const isolateGoneMs = 600_000;
/** PoPs and isolates that have been silent for longer are forgotten. */
const forgetMs = 86_400_000;
/** Nobody waits for a release that is more than this many epochs back. */
const keptEpochs = 50;

/** @returns false for a report that was stored before: none of it may be added again */
export function recordReport(sql: SqlStorage, report: IsolateReport, atMs: number): boolean {
  const { isolate, pop, sequence, serving } = report;
  const [known] = sql
    .exec<{ sequence: number; epoch: number }>('SELECT sequence, epoch FROM isolates WHERE isolate = ?', isolate)
    .toArray();
  if (known !== undefined && sequence <= known.sequence) return false;
  sql.exec(
    `INSERT INTO isolates (isolate, pop, sequence, serving, epoch, seen_ms) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET pop = excluded.pop, sequence = excluded.sequence, serving = excluded.serving, epoch = excluded.epoch,
      seen_ms = excluded.seen_ms`,
    ...[isolate, pop, sequence, JSON.stringify(serving), serving.epoch, atMs],
  );
  if (known === undefined) forget(sql, atMs);
  if (serving.epoch > 0 && serving.epoch !== known?.epoch) {
    sql.exec('INSERT OR IGNORE INTO reached (epoch, pop, at_ms) VALUES (?, ?, ?)', serving.epoch, pop, atMs);
    recordRelease(sql, serving.epoch, atMs);
  }
  return true;
}

export function recordRelease(sql: SqlStorage, epoch: number, atMs: number): void {
  sql.exec('INSERT OR IGNORE INTO releases (epoch, at_ms) VALUES (?, ?)', epoch, atMs);
  sql.exec('DELETE FROM releases WHERE epoch <= ?', epoch - keptEpochs);
  sql.exec('DELETE FROM reached WHERE epoch <= ?', epoch - keptEpochs);
}

/** When the first epoch from this one on was written or heard of; null if there was none. */
export function releasedAtMs(sql: SqlStorage, epoch: number): number | null {
  return sql.exec<{ first: number | null }>('SELECT min(at_ms) AS first FROM releases WHERE epoch >= ?', epoch).one()
    .first;
}

export function readPops(sql: SqlStorage, nowMs: number): PopStatus[] {
  const rows = sql
    .exec<{ pop: string; serving: string; seen_ms: number }>(
      'SELECT pop, serving, seen_ms FROM isolates WHERE seen_ms >= ? ORDER BY pop, epoch, seen_ms DESC',
      nowMs - isolateGoneMs,
    )
    .toArray();
  const pops = new Map<string, PopStatus>();
  for (const { pop, serving: text, seen_ms } of rows) {
    // An isolate of an older version of the code does not tell whether it is ahead.
    const serving: Serving = { ahead: null, ...(JSON.parse(text) as Omit<Serving, 'ahead'> & Partial<Serving>) };
    const status = pops.get(pop);
    if (status === undefined) {
      pops.set(pop, { pop, ...serving, highestEpoch: serving.epoch, isolates: 1, seenAtMs: seen_ms });
      continue;
    }
    status.highestEpoch = serving.epoch;
    status.isolates += 1;
    status.seenAtMs = Math.max(status.seenAtMs, seen_ms);
    status.held ??= serving.held;
    status.ahead ??= serving.ahead;
  }
  return [...pops.values()];
}

/** The newest release; null if the object never heard of one. */
export function readRelease(sql: SqlStorage): ReleaseStatus | null {
  const [release] = sql
    .exec<{ epoch: number; at_ms: number }>('SELECT epoch, at_ms FROM releases ORDER BY epoch DESC LIMIT 1')
    .toArray();
  if (release === undefined) return null;
  const { epoch, at_ms: releasedAtMs } = release;
  const { pops } = sql
    .exec<{ pops: number }>(
      `SELECT count(*) AS pops FROM
        (SELECT pop FROM isolates WHERE seen_ms >= ? UNION SELECT pop FROM reached WHERE epoch = ?)`,
      ...[releasedAtMs - isolateGoneMs, epoch],
    )
    .one();
  const delays = sql
    .exec<{ at_ms: number }>('SELECT at_ms FROM reached WHERE epoch = ? ORDER BY at_ms', epoch)
    .toArray()
    .map(({ at_ms }) => Math.max(0, at_ms - releasedAtMs));
  const reach = (share: number) => delays[Math.ceil(share * pops) - 1] ?? null;
  return {
    ...{ epoch, releasedAtMs, pops, reachedPops: delays.length },
    ...{ reach50Ms: reach(0.5), reach90Ms: reach(0.9), reach100Ms: reach(1) },
  };
}

function forget(sql: SqlStorage, nowMs: number): void {
  sql.exec('DELETE FROM isolates WHERE seen_ms < ?', nowMs - forgetMs);
}
