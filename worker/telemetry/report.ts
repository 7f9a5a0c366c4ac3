// What an isolate tells the Durable Object of a model, and the two sides of each part of it: the source that collects in the
// isolate, and the part that merges and keeps in the object. A new kind of telemetry is one of each, listed in parts.ts.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { Serving } from '../routing/serving.ts';
import type { EpochRange } from './kept-epochs.ts';

export interface IsolateReport {
  /** Random name of the isolate. */
  readonly isolate: string;
  /** 1, 2, … for each isolate and model. The same number again is the same report, sent again. */
  readonly sequence: number;
  readonly pop: string;
  readonly serving: Serving;
  /** By the name of the part; a part that has nothing to tell is left out. */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** Collects one part in the isolate. */
export interface ReportSource {
  readonly name: string;
  /**
   * Moves out what was collected of a model since the last call: plain data that can be cloned.
   * @returns undefined if there is nothing
   */
  take(model: string): unknown;
}

/** Of whom a report is, when it came by the object's clock, and how its counts are kept. */
export interface ReportContext {
  readonly pop: string;
  readonly atMs: number;
  /** The epoch under which what was counted in an epoch is added: see kept-epochs.ts. */
  readonly keptAs: (epoch: number) => number;
  /** Tells that a PoP knows the version: it is not forgotten before the retention is over. */
  readonly hear: (version: string, atMs: number) => void;
}

/** A running rollout, as a guard looks at it. */
export interface GuardedRollout {
  readonly stable: string;
  readonly version: string;
  /** The epoch at which the rollout began. */
  readonly sinceEpoch: number;
  /** When that epoch, or the first later one, was heard of, by the object's clock; null: not yet. */
  readonly sinceMs: number | null;
}

/** What a guard found of one limit, over all PoPs. */
export interface Measure {
  readonly value: number;
  /** The same of stable meanwhile: a value that is not above it passes no limit. */
  readonly baseline?: number;
  /** Requests that the value was made of. */
  readonly samples: number;
  /** The value in words, with the numbers that it was made of. */
  readonly text: string;
}

/** Merges and keeps one part in the object, in tables of its own. */
export interface TelemetryPart {
  readonly name: string;
  /** Runs each time the object starts: `CREATE TABLE IF NOT EXISTS …`. */
  createTables(sql: SqlStorage): void;
  /**
   * Adds what one isolate sent. All parts of a report are applied in one transaction, each report once.
   * @param data what the source of the same name took
   */
  apply(sql: SqlStorage, data: unknown, context: ReportContext): void;
  /** Makes one of what was kept under the epochs of a range. */
  fold?(sql: SqlStorage, range: EpochRange): void;
  /** Drops what is of these versions, and what was not heard of since. */
  forget?(sql: SqlStorage, what: { versions: readonly string[]; beforeMs: number }): void;
  /** By the limit's name in a rollout's `limits`: what is measured against it; null: nothing yet. */
  readonly measures?: Readonly<Record<string, (sql: SqlStorage, rollout: GuardedRollout) => Measure | null>>;
}
