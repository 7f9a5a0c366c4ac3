// The part "drift" in the Durable Object: adds up the counts of all PoPs. drift-watch.ts judges them.
import * as z from 'zod';
import type { Measure, TelemetryPart } from '../report.ts';
import { bucketCount } from './caller-bucket.ts';
import type { DriftDelta, DriftReport } from './drift-counter.ts';
import { addDeltas, forgetSilent, forgetVersion, readPlaces } from './drift-tables.ts';
import { forgetEpisodes, openEpisode } from './episodes.ts';

const driftSchema = z.object({
  region: z.string().nullable(),
  versions: z.array(
    z.object({
      version: z.string(),
      layout: z.int(),
      bucket: z
        .int()
        .min(0)
        .max(bucketCount - 1)
        .optional(),
      requests: z.int().min(0),
      rows: z.int().min(0),
      counts: z
        .instanceof(Float64Array)
        .refine(
          (counts) => counts.every((count) => count >= 0 && Number.isFinite(count)),
          'expected finite counts from 0 on',
        ),
    }),
  ),
}) satisfies z.ZodType<DriftReport>;

export const driftPart: TelemetryPart<'drift'> = {
  schema: driftSchema,

  apply(sql, { region, versions }, { pop, atMs }) {
    const places = [`pop:${pop}`, ...(region === null ? [] : [`region:${region}`]), 'global'];
    for (const deltas of byLayout(versions)) addDeltas(sql, deltas, places, atMs);
  },

  forget(sql, { versions, beforeMs }) {
    for (const version of versions) if (openEpisode(sql, version) === null) forgetVersion(sql, version);
    forgetSilent(sql, beforeMs);
    forgetEpisodes(sql, beforeMs);
  },

  measures: {
    /**
     * The largest PSI of an input that is beyond noise, in the canary's newest judged window over all PoPs. A window that was
     * opened before the rollout holds other traffic and does not count.
     */
    drift(sql, { version, sinceMs }): Measure | null {
      const everywhere = readPlaces(sql, version).find(({ place }) => place === 'global');
      if (everywhere === undefined || sinceMs === null || everywhere.window.fromMs < sinceMs) return null;
      const { requests, rows, features } = everywhere.window;
      let largest: { feature: string; psi: number } = { feature: '', psi: 0 };
      for (const { kind, feature, psi, psiNoise } of features) {
        if (kind === 'input' && psi > psiNoise && psi > largest.psi) largest = { feature, psi };
      }
      const text = largest.psi === 0 ? 'no drift' : `PSI ${largest.psi.toPrecision(3)} of '${largest.feature}'`;
      return { value: largest.psi, samples: requests, text: `${text} over ${rows} rows of ${requests} requests` };
    },
  },
};

/** The callers of each version together, since they share its open windows. */
function byLayout(deltas: readonly DriftDelta[]): DriftDelta[][] {
  return [...Map.groupBy(deltas, ({ version, layout }) => `${version}/${layout}`).values()];
}
