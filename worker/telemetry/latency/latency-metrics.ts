// How long callers wait, as Prometheus takes it. Each series says by a label who measured.
// @see https://prometheus.io/docs/practices/histograms/
import type { LatencyStatus } from '../../../registry/api/latency.ts';
import type { Metric, Sample } from '../exposition.ts';

interface Told {
  readonly model: string;
  readonly latency: LatencyStatus;
}

export function latencyMetrics(told: readonly Told[]): Metric[] {
  const totals = told.flatMap(({ model, latency: { totals: all, source } }) =>
    all.map(({ version, side, ...total }) => ({ labels: { model, version, side, source }, total })),
  );
  const recent = told.flatMap(({ model, latency: { recent: all, source } }) =>
    all.map(({ version, side, place, p95Ms }) => ({ labels: { model, version, side, place, source }, p95Ms })),
  );
  return [
    {
      ...{ name: 'popserve_call_duration_seconds', type: 'histogram' },
      help: 'How long calls took, by what callers say of their last calls.',
      samples: totals.flatMap(({ labels, total }): Sample[] => [
        ...total.buckets.map(({ leMs, count }) => bucket(labels, String(leMs / 1000), count)),
        bucket(labels, '+Inf', total.count),
        { labels, value: total.sumMs / 1000, suffix: '_sum' },
        { labels, value: total.count, suffix: '_count' },
      ]),
    },
    {
      ...{ name: 'popserve_call_outcomes_total', type: 'counter' },
      help: 'How calls ended, by what callers say of their last calls.',
      samples: totals.flatMap(({ labels, total }) =>
        Object.entries(total.outcomes).map(([outcome, value]) => ({ labels: { ...labels, outcome }, value })),
      ),
    },
    {
      ...{ name: 'popserve_call_p95_seconds', type: 'gauge' },
      help: 'The 95th percentile of the last hour, with no caller weighing more than a quarter where there are others.',
      samples: recent.flatMap(({ labels, p95Ms }) => (p95Ms === null ? [] : [{ labels, value: p95Ms / 1000 }])),
    },
  ];
}

function bucket(labels: Sample['labels'], le: string, value: number): Sample {
  return { labels: { ...labels, le }, value, suffix: '_bucket' };
}
