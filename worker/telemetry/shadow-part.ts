// The part "shadow" in the Durable Object: shadow runs of all PoPs, per pair of versions and epoch.
import type { SqlStorage } from '@cloudflare/workers-types';
import * as z from 'zod';
import type { ShadowReport } from '../../registry/api/shadow.ts';
import type { TelemetryPart } from './report.ts';
import type { ShadowDelta } from './shadow-tally.ts';

const columns = `stable, candidate, epoch, requests, compared, disagreements, errors, skipped, elements, sum_difference,
  max_difference, first_ms, last_ms`;

const addUp = `ON CONFLICT DO UPDATE SET
  requests = requests + excluded.requests, compared = compared + excluded.compared,
  disagreements = disagreements + excluded.disagreements, errors = errors + excluded.errors,
  skipped = skipped + excluded.skipped, elements = elements + excluded.elements,
  sum_difference = sum_difference + excluded.sum_difference,
  max_difference = max(max_difference, excluded.max_difference),
  first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)`;

const count = z.int().min(0);
/** Differences of numbers near the largest double add up to Infinity. */
const difference = z.union([z.number().min(0), z.literal(Number.POSITIVE_INFINITY)]);

const shadowSchema = z.array(
  z.object({
    stable: z.string(),
    candidate: z.string(),
    epoch: count,
    requests: count,
    compared: count,
    disagreements: count,
    errors: count,
    skipped: count,
    elements: count,
    sumDifference: difference,
    maxDifference: difference,
  }),
) satisfies z.ZodType<readonly ShadowDelta[]>;

export const shadowPart: TelemetryPart<'shadow'> = {
  schema: shadowSchema,

  apply(sql, data, { atMs, keptAs }) {
    for (const delta of data) {
      sql.exec(
        `INSERT INTO shadow (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${addUp}`,
        ...[delta.stable, delta.candidate, keptAs(delta.epoch), delta.requests, delta.compared, delta.disagreements],
        ...[delta.errors, delta.skipped, delta.elements, delta.sumDifference, delta.maxDifference, atMs, atMs],
      );
    }
  },

  fold(sql, { from, to, into }) {
    sql.exec(
      `INSERT INTO shadow (${columns}) SELECT stable, candidate, ?, sum(requests), sum(compared), sum(disagreements), sum(errors),
        sum(skipped), sum(elements), sum(sum_difference), max(max_difference), min(first_ms), max(last_ms)
        FROM shadow WHERE epoch BETWEEN ? AND ? GROUP BY stable, candidate ${addUp}`,
      ...[into, from, to],
    );
    sql.exec('DELETE FROM shadow WHERE epoch BETWEEN ? AND ?', from, to);
  },

  forget(sql, { beforeMs }) {
    sql.exec(
      `DELETE FROM shadow WHERE NOT EXISTS (SELECT 1 FROM shadow AS heard WHERE heard.stable = shadow.stable
        AND heard.candidate = shadow.candidate AND heard.last_ms >= ?)`,
      beforeMs,
    );
  },

  measures: {
    /** An answer that the candidate could not give counts as a disagreement. */
    disagreementShare(sql, { stable, version, sinceEpoch }) {
      const { differing, samples } = sql
        .exec<{ differing: number; samples: number }>(
          `SELECT coalesce(sum(disagreements + errors), 0) AS differing, coalesce(sum(compared + errors), 0) AS samples
            FROM shadow WHERE stable = ? AND candidate = ? AND epoch >= ?`,
          ...[stable, version, sinceEpoch],
        )
        .one();
      if (samples === 0) return null;
      const value = differing / samples;
      return {
        value,
        samples,
        text: `${differing} of ${samples} shadow answers of ${version} failed or decide otherwise than ${stable}'s`,
      };
    },
  },
};

export function readShadows(sql: SqlStorage): ShadowReport[] {
  type Row = Record<'requests' | 'compared' | 'disagreements' | 'errors' | 'skipped' | 'elements', number> &
    Record<'sum_difference' | 'max_difference' | 'first_ms' | 'last_ms', number> &
    Record<'stable' | 'candidate', string>;
  return sql
    .exec<Row>(
      `SELECT stable, candidate, sum(requests) AS requests, sum(compared) AS compared,
        sum(disagreements) AS disagreements, sum(errors) AS errors, sum(skipped) AS skipped, sum(elements) AS elements,
        sum(sum_difference) AS sum_difference, max(max_difference) AS max_difference, min(first_ms) AS first_ms,
        max(last_ms) AS last_ms FROM shadow GROUP BY stable, candidate ORDER BY last_ms DESC`,
    )
    .toArray()
    .map(({ elements, sum_difference, max_difference, first_ms, last_ms, ...counts }) => ({
      ...counts,
      disagreementShare: counts.compared === 0 ? null : counts.disagreements / counts.compared,
      meanDifference: elements === 0 ? null : sum_difference / elements,
      maxDifference: elements === 0 ? null : max_difference,
      ...{ firstAtMs: first_ms, lastAtMs: last_ms },
    }));
}
