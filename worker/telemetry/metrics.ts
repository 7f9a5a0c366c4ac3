// Turns what all PoPs reported about models into metrics, under popserve's own names and on request also under Triton's, so that
// Grafana boards made for Triton work.
import type { DriftStatus, FeatureVerdict } from '../../registry/api/drift.ts';
import type { TelemetryStatus } from '../../registry/api/status.ts';
import type { Metric, Sample } from './exposition.ts';
import { feedbackMetrics } from './feedback/feedback-metrics.ts';
import { latencyMetrics } from './latency/latency-metrics.ts';

export interface ModelReport {
  readonly model: string;
  /** Null if the Durable Object of the model did not answer. */
  readonly told: { readonly status: TelemetryStatus; readonly drift: DriftStatus } | null;
}

/**
 * @param tritonNames adds `nv_inference_*` for the numbers that PoPs report. Its durations are a server's own, whose clock stands still in
 *   production: they are left out, and so are pending requests
 * @see https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
 */
export function metricsOf(reports: readonly ModelReport[], tritonNames: boolean): Metric[] {
  const versions = reports.flatMap(({ model, told }) =>
    (told?.status.versions ?? []).map((totals) => ({ labels: { model, version: totals.version }, totals })),
  );
  const ofVersions = (value: (totals: (typeof versions)[number]['totals']) => number): Sample[] =>
    versions.map(({ labels, totals }) => ({ labels, value: value(totals) }));
  const failures = versions.flatMap(({ labels, totals }) =>
    Object.entries(totals.failuresByCode).map(([reason, value]) => ({ labels: { ...labels, reason }, value })),
  );
  const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
    ...{ name, type: 'counter', help, samples },
  });
  const succeeded = ofVersions(({ requests, failures: failed }) => requests - failed);
  const inferences = ofVersions((totals) => totals.inferences);
  return [
    gauge('popserve_telemetry_up', 'Whether the telemetry of the model answered.', [
      ...reports.map(({ model, told }) => ({ labels: { model }, value: told === null ? 0 : 1 })),
    ]),
    counter('popserve_requests_total', 'Inference requests, answered or failed.', [
      ...ofVersions((totals) => totals.requests),
    ]),
    counter('popserve_request_failures_total', 'Failed inference requests, by error code.', failures),
    counter('popserve_inferences_total', 'Items of the batches that were answered.', inferences),
    counter('popserve_load_failures_total', 'Loads of a version that failed.', [
      ...ofVersions((totals) => totals.loadFailures),
    ]),
    counter('popserve_litert_runs_total', 'Answers from LiteRT, the second engine.', [
      ...ofVersions(({ litertRuns = 0 }) => litertRuns),
    ]),
    counter('popserve_litert_failures_total', 'Calls of LiteRT that failed, so that onnxruntime answered.', [
      ...ofVersions(({ litertFailures = 0 }) => litertFailures),
    ]),
    gauge('popserve_pop_epoch', 'The lowest epoch that a PoP serves from.', [
      ...reports.flatMap(({ model, told }) =>
        (told?.status.pops ?? []).map(({ pop, epoch }) => ({ labels: { model, pop }, value: epoch })),
      ),
    ]),
    gauge('popserve_pop_ahead', 'Whether a PoP serves a route that the log has lost.', [
      ...reports.flatMap(({ model, told }) =>
        (told?.status.pops ?? []).map(({ pop, ahead }) => ({ labels: { model, pop }, value: ahead === null ? 0 : 1 })),
      ),
    ]),
    ...driftMetrics(reports),
    ...latencyMetrics(
      reports.flatMap(({ model, told }) => (told?.status.latency ? [{ model, latency: told.status.latency }] : [])),
    ),
    ...feedbackMetrics(
      reports.flatMap(({ model, told }) => (told?.status.feedback ? [{ model, feedback: told.status.feedback }] : [])),
    ),
    ...(tritonNames
      ? [
          counter('nv_inference_request_success', 'Number of successful inference requests.', succeeded),
          counter('nv_inference_request_failure', 'Number of failed inference requests.', failures),
          counter('nv_inference_count', 'Number of inferences performed, batched or not.', inferences),
          counter('nv_inference_exec_count', 'Number of model executions performed.', succeeded),
        ]
      : []),
  ];
}

function driftMetrics(reports: readonly ModelReport[]): Metric[] {
  const places = reports.flatMap(({ model, told }) =>
    (told?.drift.versions ?? []).flatMap(({ version, places: all }) =>
      all.map((place) => ({ labels: { model, version, place: place.place }, place })),
    ),
  );
  const features = places.flatMap(({ labels, place }) =>
    (place.window?.features ?? []).map((verdict) => ({
      labels: { ...labels, feature: verdict.feature, kind: verdict.kind },
      verdict,
    })),
  );
  const ofFeatures = (value: (verdict: FeatureVerdict) => number): Sample[] =>
    features.map(({ labels, verdict }) => ({ labels, value: value(verdict) }));
  const waiting = reports.flatMap(({ model, told }) =>
    told === null
      ? []
      : [{ labels: { model }, value: told.drift.events.filter(({ nextMs }) => nextMs !== null).length }],
  );
  return [
    gauge('popserve_drifting', 'Whether a place drifts from the baseline of the version.', [
      ...places.map(({ labels, place }) => ({ labels, value: place.drifting ? 1 : 0 })),
    ]),
    gauge('popserve_drift_rows', 'Rows of the newest judged window.', [
      ...places.flatMap(({ labels, place }) => (place.window ? [{ labels, value: place.window.rows }] : [])),
    ]),
    gauge('popserve_drift_psi', 'Population Stability Index of a feature.', [...ofFeatures(({ psi }) => psi)]),
    gauge('popserve_drift_psi_noise', 'Bound that the PSI of undrifted data stays below.', [
      ...ofFeatures(({ psiNoise }) => psiNoise),
    ]),
    gauge('popserve_drift_jensen_shannon', 'Jensen-Shannon distance of a feature, 0 to 1.', [
      ...ofFeatures(({ jensenShannon }) => jensenShannon),
    ]),
    gauge('popserve_drift_missing_ratio', 'Share of missing values.', [...ofFeatures(({ missing }) => missing)]),
    gauge('popserve_drift_outside_ratio', 'Share of values out of range.', [...ofFeatures(({ outside }) => outside)]),
    gauge('popserve_events_waiting', 'Events that the webhook has not taken yet.', waiting),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}
