import { expect, it } from 'vitest';
import { defaultThresholds } from '../../../worker/telemetry/drift/settings.ts';
import { exposition } from '../../../worker/telemetry/exposition.ts';
import { type ModelReport, metricsOf } from '../../../worker/telemetry/metrics.ts';

const verdict = {
  ...{ feature: 'say "x\\y"\n', kind: 'input' as const, samples: 900, minimumSamples: 351, psi: 0.25, psiNoise: 0.05 },
  ...{
    jensenShannon: 0.2,
    jensenShannonNoise: 0.1,
    missing: 0.1,
    missingReference: 0,
    outside: 0,
    outsideReference: 0,
  },
  past: ['psi' as const],
};
const report: ModelReport = {
  model: 'm',
  told: {
    status: {
      release: null,
      guard: [],
      pops: [
        {
          ...{ pop: 'HEL', epoch: 3, highestEpoch: 3, isolates: 1, stable: '1', canary: null, held: null, ahead: null },
          seenAtMs: 0,
        },
      ],
      versions: [
        {
          ...{ version: '1', requests: 10, inferences: 24, failures: 2, failuresByCode: { INVALID_ARGUMENT: 2 } },
          ...{ loadFailures: 1, lastInferenceMs: 0 },
        },
      ],
    },
    drift: {
      settings: { windowSeconds: 300, windows: 2, thresholds: defaultThresholds },
      versions: [
        {
          version: '1',
          minimumRows: null,
          episodes: [],
          places: [
            {
              ...{ place: 'pop:HEL', drifting: true, changedMs: 0, open: null, windows: [], accepted: null },
              window: { fromMs: 0, toMs: 1, requests: 90, rows: 900, features: [verdict] },
            },
          ],
        },
      ],
      events: [],
    },
  },
};

it('names what all PoPs reported, with labels escaped', () => {
  const text = exposition(metricsOf([report, { model: 'away', told: null }], false));
  expect(text).toContain('# TYPE popserve_requests_total counter\npopserve_requests_total{model="m",version="1"} 10\n');
  expect(text).toContain('popserve_request_failures_total{model="m",version="1",reason="INVALID_ARGUMENT"} 2\n');
  expect(text).toContain('popserve_pop_epoch{model="m",pop="HEL"} 3\n');
  expect(text).toContain('popserve_drifting{model="m",version="1",place="pop:HEL"} 1\n');
  expect(text).toContain(
    'popserve_drift_psi{model="m",version="1",place="pop:HEL",feature="say \\"x\\\\y\\"\\n",kind="input"} 0.25\n',
  );
  expect(text).toContain('popserve_telemetry_up{model="m"} 1\npopserve_telemetry_up{model="away"} 0\n');
  expect(text).not.toContain('nv_');
  const form = /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="([^"\\\n]|\\.)*",?)+\})? [0-9.e+-]+)$/;
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(form);
});

it("has Triton's names on request", () => {
  const text = exposition(metricsOf([report], true));
  expect(text).toContain('nv_inference_request_success{model="m",version="1"} 8\n');
  expect(text).toContain('nv_inference_request_failure{model="m",version="1",reason="INVALID_ARGUMENT"} 2\n');
  expect(text).toContain('nv_inference_count{model="m",version="1"} 24\n');
  expect(text).toContain('nv_inference_exec_count{model="m",version="1"} 8\n');
});
