// Reads everything that metrics need from the Durable Object of a model. An object that does not answer leaves a gap instead of
// failing the whole page.
import { log } from '../logging/log.ts';
import type { ModelReport } from './metrics.ts';
import type { TelemetryClient } from './telemetry-client.ts';

export async function readReport(telemetry: TelemetryClient, model: string): Promise<ModelReport> {
  try {
    const { status, drift } = await telemetry.object(model).overview();
    return { model, told: { status, drift } };
  } catch (error) {
    log('metrics-incomplete', { model, error: String(error) });
    return { model, told: null };
  }
}
