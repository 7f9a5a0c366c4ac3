// Merged reports of the PoPs on models: releases, shadows, drift, metrics. The registry is asked for the model before its
// Durable Object is reached: the platform would make an object for any name.
import type { ModelDrift } from '../../registry/api/drift.ts';
import type { ModelShadow } from '../../registry/api/shadow.ts';
import type { ModelStatus } from '../../registry/api/status.ts';
import type { Isolate } from '../isolate.ts';
import { exposition, type Metric } from '../telemetry/exposition.ts';
import { metricsOf } from '../telemetry/metrics.ts';
import { readReport } from '../telemetry/model-report.ts';

type Reported = Pick<Isolate, 'registry' | 'telemetry'>;
type Measured = Reported & Pick<Isolate, 'ledger' | 'heap' | 'pop'>;

/** A part of what was reported: of one version, of one PoP; all without them. */
export interface Part {
  readonly version?: string;
  readonly pop?: string;
}

/** Which PoP serves what, how the last release spread, and what was counted. @throws PopserveError NOT_FOUND */
export async function reportedStatus({ registry, telemetry }: Reported, model: string): Promise<ModelStatus> {
  const { route } = await registry.showModel(model);
  return { model, route, ...(await telemetry.object(model).status(route)) };
}

/** The results of the shadow runs, per pair of versions, the latest first. @throws PopserveError NOT_FOUND */
export async function reportedShadows({ registry, telemetry }: Reported, model: string): Promise<ModelShadow> {
  const { route } = await registry.showModel(model);
  return { model, shadow: route?.shadow ?? null, pairs: await telemetry.object(model).shadow() };
}

/** How far live values have moved from the baseline. @throws PopserveError NOT_FOUND */
export async function reportedDrift({ registry, telemetry }: Reported, model: string, part: Part): Promise<ModelDrift> {
  await registry.showModel(model);
  using status = await telemetry.object(model).drift(part);
  return { model, settings: status.settings, versions: status.versions, events: status.events };
}

/** All models in Prometheus' text form, and the memory of the isolate that answers. @param tritonNames tell figures under Triton's names too */
export async function reportedMetrics(isolate: Measured, tritonNames: boolean): Promise<string> {
  const { registry, telemetry } = isolate;
  const models = await registry.modelNames();
  const reports = await Promise.all(models.map((name) => readReport(telemetry, name)));
  return exposition([...metricsOf(reports, tritonNames), ...memoryMetrics(isolate)]);
}

function memoryMetrics({ ledger, heap, pop }: Measured): Metric[] {
  const labels = pop === null ? {} : { pop };
  const { totalBytes, baseBytes, keptBytes, held } = ledger.state();
  const spent = { base: baseBytes, kept: keptBytes, heap: heap.byteLength + heap.discardedBytes, ...held };
  return [
    {
      ...{ name: 'popserve_isolate_memory_bytes', type: 'gauge' },
      help: 'What the memory of the isolate that answered is spent on.',
      samples: Object.entries(spent).map(([purpose, value]) => ({ labels: { ...labels, purpose }, value })),
    },
    {
      ...{ name: 'popserve_isolate_memory_limit_bytes', type: 'gauge' },
      help: 'What an isolate may take in all.',
      samples: [{ labels, value: totalBytes }],
    },
  ];
}
