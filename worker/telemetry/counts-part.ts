// The part "counts" in the Durable Object: requests, failures and inferences of all PoPs, per version and epoch.
import type { SqlStorage, SqlStorageValue } from '@cloudflare/workers-types';
import * as z from 'zod';
import type { VersionTotals } from '../../registry/api/status.ts';
import type { CountsDelta } from './counters.ts';
import type { EpochRange } from './kept-epochs.ts';
import { addRecent, mergeRecent, type RecentCount, recentCounts } from './recent-counts.ts';
import type { TelemetryPart } from './report.ts';

const columns = `version, epoch, requests, inferences, routed_requests, routed_failures, load_failures, litert_runs,
  litert_failures, last_inference_ms, recent`;

const addUp = `ON CONFLICT DO UPDATE SET
  requests = requests + excluded.requests, inferences = inferences + excluded.inferences,
  routed_requests = routed_requests + excluded.routed_requests,
  routed_failures = routed_failures + excluded.routed_failures,
  load_failures = load_failures + excluded.load_failures,
  litert_runs = litert_runs + excluded.litert_runs, litert_failures = litert_failures + excluded.litert_failures,
  last_inference_ms = max(last_inference_ms, excluded.last_inference_ms), recent = excluded.recent`;

const count = z.int().min(0);

const countsSchema = z.array(
  z.object({
    version: z.string(),
    epoch: count,
    requests: count,
    inferences: count,
    failures: z.record(z.string(), count),
    routedRequests: count,
    routedFailures: count,
    loadFailures: count,
    // Isolates of older code do not count these.
    litertRuns: count.default(0),
    litertFailures: count.default(0),
    lastInferenceMs: count,
  }),
) satisfies z.ZodType<readonly CountsDelta[]>;

export const countsPart: TelemetryPart<'counts'> = {
  schema: countsSchema,

  apply(sql, data, { atMs, keptAs, hear }) {
    for (const delta of data) {
      hear(delta.version, atMs);
      const epoch = keptAs(delta.epoch);
      const [kept] = sql
        .exec<{ recent: ArrayBuffer | null }>(
          'SELECT recent FROM counts WHERE version = ? AND epoch = ?',
          ...[delta.version, epoch],
        )
        .toArray();
      const failures = Object.values(delta.failures).reduce((sum, count) => sum + count, 0);
      sql.exec(
        `INSERT INTO counts (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${addUp}`,
        ...[delta.version, epoch, delta.requests, delta.inferences],
        ...[delta.routedRequests, delta.routedFailures, delta.loadFailures, delta.litertRuns, delta.litertFailures],
        delta.lastInferenceMs,
        addRecent(kept?.recent ?? null, atMs, { requests: delta.requests, failures }),
      );
      for (const [code, count] of Object.entries(delta.failures)) {
        sql.exec(
          'INSERT INTO failures (version, code, count) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
          ...[delta.version, code, count],
        );
      }
    }
  },

  fold(sql, { from, to, into }) {
    const recent = readRecentBytes(sql, { from, to, into });
    sql.exec(
      `INSERT INTO counts (${columns}) SELECT version, ?, sum(requests), sum(inferences), sum(routed_requests),
        sum(routed_failures), sum(load_failures), sum(litert_runs), sum(litert_failures), max(last_inference_ms), NULL
        FROM counts WHERE epoch BETWEEN ? AND ? GROUP BY version ${addUp}`,
      ...[into, from, to],
    );
    for (const [version, kept] of recent) {
      sql.exec('UPDATE counts SET recent = ? WHERE version = ? AND epoch = ?', mergeRecent(kept), version, into);
    }
    sql.exec('DELETE FROM counts WHERE epoch BETWEEN ? AND ?', from, to);
  },

  forget(sql, { versions }) {
    for (const table of ['counts', 'failures']) {
      for (const version of versions) sql.exec(`DELETE FROM ${table} WHERE version = ?`, version);
    }
  },

  measures: {
    /**
     * Requests that every version refuses fail as often on stable, so the rollout is compared with stable and not blamed for
     * them.
     */
    errorShare(sql, { stable, version, sinceEpoch }) {
      const own = routedShare(sql, version, sinceEpoch);
      if (own.requests === 0) return null;
      const other = routedShare(sql, stable, sinceEpoch);
      return {
        ...{ value: own.share, samples: own.requests, baseline: other.share },
        text:
          `${own.failures} of ${own.requests} requests to ${version} failed since epoch ${sinceEpoch} ` +
          `(${stable}: ${other.failures} of ${other.requests})`,
      };
    },
  },
};

function routedShare(sql: SqlStorage, version: string, sinceEpoch: number) {
  const counted = sql
    .exec<{ requests: number; failures: number }>(
      `SELECT coalesce(sum(routed_requests), 0) AS requests, coalesce(sum(routed_failures), 0) AS failures
        FROM counts WHERE version = ? AND epoch >= ?`,
      ...[version, sinceEpoch],
    )
    .one();
  return { ...counted, share: counted.requests === 0 ? 0 : counted.failures / counted.requests };
}

/** How the requests of each version went over the last day. */
export function readRecentCounts(sql: SqlStorage, nowMs: number): { version: string; counts: RecentCount[] }[] {
  const rows = sql.exec<RecentRow>('SELECT version, recent FROM counts ORDER BY version').toArray();
  return [...Map.groupBy(rows, ({ version }) => version)].map(([version, own]) => ({
    version,
    counts: recentCounts(
      own.map(({ recent }) => recent),
      nowMs,
    ),
  }));
}

interface RecentRow extends Record<string, SqlStorageValue> {
  version: string;
  recent: ArrayBuffer | null;
}

/** What is kept of each version under an epoch and a range of others. */
function readRecentBytes(sql: SqlStorage, { from, to, into }: EpochRange) {
  const rows = sql
    .exec<RecentRow>('SELECT version, recent FROM counts WHERE epoch = ? OR epoch BETWEEN ? AND ?', into, from, to)
    .toArray();
  const byVersion = Map.groupBy(rows, ({ version }) => version);
  return [...byVersion].map(([version, own]) => [version, own.map(({ recent }) => recent)] as const);
}

type TotalsRow = {
  version: string;
  requests: number;
  inferences: number;
  load_failures: number;
  litert_runs: number;
  litert_failures: number;
  last_ms: number;
};

export function readTotals(sql: SqlStorage): VersionTotals[] {
  const totals = sql
    .exec<TotalsRow>(
      `SELECT version, sum(requests) AS requests, sum(inferences) AS inferences, sum(load_failures) AS load_failures,
        sum(litert_runs) AS litert_runs, sum(litert_failures) AS litert_failures, max(last_inference_ms) AS last_ms
        FROM counts GROUP BY version ORDER BY version`,
    )
    .toArray();
  const failures = sql
    .exec<{ version: string; code: string; count: number }>('SELECT version, code, count FROM failures')
    .toArray();
  return totals.map(({ version, requests, inferences, load_failures, litert_runs, litert_failures, last_ms }) => {
    const own = failures.filter((row) => row.version === version);
    return {
      ...{ version, requests, inferences, failures: own.reduce((sum, { count }) => sum + count, 0) },
      failuresByCode: Object.fromEntries(own.map(({ code, count }) => [code, count])),
      ...{ loadFailures: load_failures, lastInferenceMs: last_ms },
      ...{ litertRuns: litert_runs, litertFailures: litert_failures },
    };
  });
}
