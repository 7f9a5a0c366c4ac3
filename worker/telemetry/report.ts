// The report that an isolate sends to the Durable Object of a model, and the two sides of each of its parts: the source that
// collects it in the isolate, and the part that merges and keeps it in the object. A new kind of telemetry is an entry in `Parts`
// and one of each side, listed in parts.ts.
import type { SqlStorage } from '@cloudflare/workers-types';
import type * as z from 'zod';
import type { GuardFinding, Serving } from '../../registry/api/status.ts';
import type { CountsDelta } from './counters.ts';
import type { DriftReport } from './drift/drift-counter.ts';
import type { Told } from './feedback/feedback-counter.ts';
import type { EpochRange } from './kept-epochs.ts';
import type { SampleReport } from './sample/input-sampler.ts';
import type { ShadowDelta } from './shadow-tally.ts';
import type { SideDelta } from './side-counts.ts';

/** The parts of a report by name, as they cross from the isolate to the object: plain data that can be cloned. */
export interface Parts {
  counts: readonly CountsDelta[];
  drift: DriftReport;
  feedback: readonly Told[];
  latency: readonly SideDelta[];
  sample: SampleReport;
  shadow: readonly ShadowDelta[];
}

export type PartName = keyof Parts;

export interface IsolateReport {
  /** A random name of the isolate. */
  readonly isolate: string;
  /** Counts up from 1 for each isolate and model. The same number again means the same report, sent again. */
  readonly sequence: number;
  readonly pop: string;
  readonly serving: Serving;
  /** A part that has nothing to tell is left out. */
  readonly parts: Readonly<Partial<Parts>>;
}

/** Moves out what the isolate collected for a model since the last call; undefined if there is nothing. */
export type TakePart<Name extends PartName> = (model: string) => Parts[Name] | undefined;

/** The source of each part. */
export type ReportSources = { readonly [Name in PartName]: TakePart<Name> };

/** Where a report comes from, when it came by the object's clock, and how its counts are kept. */
export interface ReportContext {
  readonly pop: string;
  readonly atMs: number;
  /** The epoch under which the counts of an epoch are added: see kept-epochs.ts. */
  readonly keptAs: (epoch: number) => number;
  /** Notes that a PoP knows the version, which keeps it from being forgotten before the retention is over. */
  readonly hear: (version: string, atMs: number) => void;
}

/** A running rollout as a guard sees it. */
export interface GuardedRollout {
  readonly stable: string;
  readonly version: string;
  /** The epoch at which the rollout began. */
  readonly sinceEpoch: number;
  /** When that epoch, or the first later one, was heard of by the object's clock; null if it was not yet. */
  readonly sinceMs: number | null;
}

/** A value to compare with one limit, measured over all PoPs. */
export type Measure = Pick<GuardFinding, 'value' | 'baseline' | 'samples' | 'text'>;

/** Merges and keeps one part in the object, in tables of its own: schema/migrations.ts makes them. */
export interface TelemetryPart<Name extends PartName> extends KeptPart {
  /** The shape of the data. The isolate that sends it may run another version of the code than the object. */
  readonly schema: z.ZodType<Parts[Name]>;
  /** Adds what one isolate sent. All parts of a report are applied in one transaction, each report once. */
  apply(sql: SqlStorage, data: Parts[Name], context: ReportContext): void;
}

/** The side of a part that does not depend on the shape of its data. */
export interface KeptPart {
  /** Merges the rows of a range of epochs into one. */
  fold?(sql: SqlStorage, range: EpochRange): void;
  /** Drops the rows of these versions, and rows of which nothing was heard since. */
  forget?(sql: SqlStorage, what: { versions: readonly string[]; beforeMs: number }): void;
  /** Measures a rollout, keyed by the name of the limit in `limits`; null if there is nothing to measure yet. */
  readonly measures?: Readonly<Record<string, (sql: SqlStorage, rollout: GuardedRollout) => Measure | null>>;
}
