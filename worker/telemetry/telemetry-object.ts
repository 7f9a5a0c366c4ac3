// The calls that isolates make to the Durable Object of a model. The object itself is worker/model-telemetry.ts, which binds it
// to settings and storage.
import type { AcceptedBaseline, BaselineAction, DriftStatus } from '../../registry/api/drift.ts';
import type { ShadowReport } from '../../registry/api/shadow.ts';
import type { TelemetryStatus } from '../../registry/api/status.ts';
import type { Route } from '../../registry/route.ts';
import type { PlaceHistory } from './drift/drift-history.ts';
import type { RecentCount } from './recent-counts.ts';
import type { IsolateReport } from './report.ts';
import type { SampleCounts, SampleFilter, SamplePage, SamplePlace } from './sample/sample-part.ts';

export interface TelemetryObject extends Rpc.DurableObjectBranded {
  /** Stores one report of an isolate. A report that was stored before changes nothing. */
  report(model: string, report: IsolateReport): Promise<void>;
  /** Notes that a route was written: its propagation is measured from now on. */
  released(epoch: number): Promise<void>;
  /** @param route the newest route, if its limits are to be measured */
  status(route?: Route | null): Promise<TelemetryStatus>;
  /** Status and drift in one call: a page about all models asks every object. */
  overview(): Promise<{ status: TelemetryStatus; drift: DriftStatus }>;
  /** The requests of each version over the last day. */
  recent(): Promise<{ version: string; counts: RecentCount[] }[]>;
  shadow(): Promise<ShadowReport[]>;
  drift(filter: { version?: string; pop?: string }): Promise<DriftStatus>;
  /** @returns null for a version that was never counted */
  driftHistory(
    model: string,
    asked: { version: string; place: string; feature?: string },
  ): Promise<PlaceHistory | null>;
  /** Gives a place a baseline of its own, or takes it away; a refusal says why nothing was changed. */
  changeBaseline(
    model: string,
    change: BaselineAction & { actor: string },
  ): Promise<{ accepted: AcceptedBaseline | null } | { refusal: string }>;
  /** The counts of a sample and its first page. */
  openSample(filter: SampleFilter): Promise<{ counts: SampleCounts; first: SamplePage }>;
  samplePage(filter: SampleFilter, after: SamplePlace): Promise<SamplePage>;
  /** @returns how many rows were deleted */
  deleteSample(): Promise<number>;
}
