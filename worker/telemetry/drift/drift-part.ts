// Drift as a part of the isolates' reports, in the Durable Object. What comes of the counts is in drift-watch.ts.
import type { Measure, TelemetryPart } from '../report.ts';
import type { DriftReport } from './drift-counter.ts';
import { addDelta, createDriftTables, forgetSilent, forgetVersion, readPlaces } from './drift-tables.ts';
import { createEpisodeTable, forgetEpisodes, openEpisode } from './episodes.ts';

export const driftPart: TelemetryPart = {
  name: 'drift',

  createTables(sql) {
    createDriftTables(sql);
    createEpisodeTable(sql);
  },

  apply(sql, data, { pop, atMs }) {
    const { region, versions } = data as DriftReport;
    const places = [`pop:${pop}`, ...(region === null ? [] : [`region:${region}`]), 'global'];
    for (const delta of versions) addDelta(sql, delta, places, atMs);
  },

  forget(sql, { versions, beforeMs }) {
    for (const version of versions) if (openEpisode(sql, version) === null) forgetVersion(sql, version);
    forgetSilent(sql, beforeMs);
    forgetEpisodes(sql, beforeMs);
  },

  measures: {
    /**
     * The largest PSI of an input in the canary's newest judged window over all PoPs, as far as it is beyond noise. A window
     * that was opened before the rollout tells of other traffic.
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
