// Merged reports of the PoPs on models: releases, shadows, metrics. A name is known for a model's before its Durable Object is
// reached: the platform would make an object for any name.
import type { ModelShadow } from '../../registry/api/shadow.ts';
import type { ModelStatus } from '../../registry/api/status.ts';
import type { Spend } from '../../registry/model-catalog.ts';
import type { Isolate } from '../isolate.ts';
import { exposition, type Metric } from '../telemetry/exposition.ts';
import { metricsOf } from '../telemetry/metrics.ts';
import { readReport } from '../telemetry/model-report.ts';
import { mostObjectsAsked } from '../telemetry/telemetry-client.ts';

type Reported = Pick<Isolate, 'registry' | 'telemetry'>;
type Measured = Reported & Pick<Isolate, 'ledger' | 'heap' | 'pop' | 'metrics'>;

/** A part of what was reported: of one version, of one PoP; all without them. */
export interface Part {
  readonly version?: string;
  readonly pop?: string;
}

/** Which PoP serves what, how the last release spread, and what was counted. @throws PopserveError NOT_FOUND */
export async function reportedStatus({ registry, telemetry }: Reported, model: string): Promise<ModelStatus> {
  const route = await registry.routeOf(model);
  return { model, route, ...(await telemetry.object(model).status(route)) };
}

/** The results of the shadow runs, per pair of versions, the latest first. @throws PopserveError NOT_FOUND */
export async function reportedShadows({ registry, telemetry }: Reported, model: string): Promise<ModelShadow> {
  const route = await registry.routeOf(model);
  return { model, shadow: route?.shadow ?? null, pairs: await telemetry.object(model).shadow() };
}

/**
 * All models in Prometheus' text form, a few seconds old at most, and the memory of the isolate that answers.
 * @param tritonNames tell figures under Triton's names too
 * @param spend told how many operations of storage that has cost
 */
export async function reportedMetrics(isolate: Measured, tritonNames: boolean, spend: Spend): Promise<string> {
  const { registry, telemetry, metrics } = isolate;
  const ofModels = await metrics.get(String(tritonNames), async () => {
    const models = await registry.modelNames(null, spend);
    const asked = models.slice(0, mostObjectsAsked);
    spend(asked.length);
    const reports = await Promise.all(asked.map((name) => readReport(telemetry, name)));
    return exposition([...metricsOf(reports, tritonNames), modelsLeftOut(models.length - asked.length)]);
  });
  return ofModels + exposition(memoryMetrics(isolate));
}

function modelsLeftOut(value: number): Metric {
  return {
    ...{ name: 'popserve_models_left_out', type: 'gauge', samples: [{ labels: {}, value }] },
    help: 'Models that this page does not tell of, because it asks the objects of so many only.',
  };
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
