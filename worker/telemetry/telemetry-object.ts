// What the Durable Object of a model answers, as isolates call it. The object itself is worker/model-telemetry.ts, which binds it to
// settings and storage.
import type { DriftStatus } from '../../registry/api/drift.ts';
import type { ShadowReport } from '../../registry/api/shadow.ts';
import type { TelemetryStatus } from '../../registry/api/status.ts';
import type { Route } from '../../registry/route.ts';
import type { IsolateReport } from './report.ts';
import type { SampleCounts, SampleFilter, SamplePage, SamplePlace } from './sample/sample-part.ts';

export interface TelemetryObject extends Rpc.DurableObjectBranded {
  /** Takes one report of an isolate; one that came before changes nothing. */
  report(model: string, report: IsolateReport): Promise<void>;
  /** A route was written: from now on its way to the PoPs is measured. */
  released(epoch: number): Promise<void>;
  /** @param route the newest one, if its limits are to be looked at */
  status(route?: Route | null): Promise<TelemetryStatus>;
  shadow(): Promise<ShadowReport[]>;
  drift(filter: { version?: string; pop?: string }): Promise<DriftStatus>;
  countSample(filter: SampleFilter): Promise<SampleCounts>;
  samplePage(filter: SampleFilter, after: SamplePlace | null): Promise<SamplePage>;
  /** @returns how many rows there were */
  deleteSample(): Promise<number>;
}
