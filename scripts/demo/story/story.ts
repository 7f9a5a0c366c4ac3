// The outcome of the story: all that its claims are checked against and that its report shows.

import type { DriftSettings } from '../../../registry/api/drift.ts';
import type { ShadowReport } from '../../../registry/api/shadow.ts';
import type { Evaluation as GateEvaluation } from '../../../registry/evaluation.ts';
import type { Received } from '../../local-pop/webhook-receiver.ts';
import type { Evaluation } from '../evaluation.ts';
import type { FleetRecord } from '../fleet-data.ts';
import type { CanarySummary } from './canary.ts';
import type { Answered } from './devices.ts';
import type { SeenWindow } from './drift-log.ts';
import type { Region, StoryPlan } from './plan.ts';
import type { TrainedModel } from './train.ts';

export interface Released {
  readonly version: string;
  readonly trained: TrainedModel;
  /** By the gate. */
  readonly evaluation: GateEvaluation;
}

export interface Refused {
  readonly trained: TrainedModel;
  readonly failures: readonly string[];
  readonly evaluation: GateEvaluation;
}

/** How a route reached the PoPs, in milliseconds from when it was written. */
export interface Propagation {
  readonly what: string;
  readonly epoch: number;
  /** By the Durable Object's record: 50, 90 and 100 % of the PoPs. */
  readonly reachedMs: readonly [number | null, number | null, number | null];
  /** By the first answer that a device got from it. */
  readonly answeredMs: Readonly<Record<string, number>>;
}

export interface HeldOut {
  readonly region: Region;
  readonly before: { readonly version: string; readonly evaluation: Evaluation };
  readonly after: { readonly version: string; readonly evaluation: Evaluation };
}

export interface Story {
  readonly plan: StoryPlan;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly first: Released;
  readonly refused: Refused;
  readonly second: Released;
  readonly settings: DriftSettings;
  /** Judged windows of version 1, by place and time. */
  readonly windows: readonly SeenWindow[];
  /** Places at which version 1 was drifting at any time. */
  readonly drifted: readonly string[];
  readonly changedMs: number;
  readonly marks: readonly { readonly atMs: number; readonly text: string }[];
  readonly requested: Received;
  readonly resolved: Received;
  /** Requests of the devices of the changing region. */
  readonly readings: { readonly before: readonly FleetRecord[]; readonly after: readonly FleetRecord[] };
  readonly canary: CanarySummary;
  readonly shadow: ShadowReport;
  readonly propagation: readonly Propagation[];
  readonly heldOut: readonly HeldOut[];
  readonly answers: readonly Answered[];
  /** Requests of devices that were not answered. */
  readonly failures: readonly string[];
}
