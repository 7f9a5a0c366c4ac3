// The options and the findings of a validation: the contract between the command line and the pipeline.
import type { Baseline } from '../../registry/baseline.ts';
import type { Evaluation, Metrics } from '../../registry/evaluation.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { TaskOptions } from './judged-outputs.ts';
import type { Budgets, RegressionLimit, Requirement } from './requirement.ts';
import type { Predictions } from './task.ts';
import type { DataOptions } from './test-data.ts';

export interface ValidationOptions extends TaskOptions {
  /** Rows with the truth: what the version is judged by. Without it only a baseline is taken. */
  readonly testData?: DataOptions;
  /** Rows that the baseline is taken from; default: the test data. */
  readonly reference?: DataOptions;
  readonly requirements: readonly Requirement[];
  readonly regressionLimits: readonly RegressionLimit[];
  readonly budgets: Budgets;
  /** Requirements are held against the worse end of each figure's interval. */
  readonly isStrict?: boolean;
  /** Why the version is released although it does not reach what is required. */
  readonly forceReason?: string;
  /** The version that is served now. */
  readonly stable?: StableVersion;
  /** Runs the stable version even if its figures on this data are known: its curves are wanted. */
  readonly needsCurves?: boolean;
}

export interface StableVersion {
  readonly manifest: Manifest;
  readModel(): Promise<Uint8Array<ArrayBuffer>>;
}

export interface Judged {
  readonly version: string;
  readonly metrics: Metrics;
  /** Null where only the figures are known. */
  readonly predictions: Predictions | null;
}

export interface Validation {
  readonly baseline: Baseline;
  /** Null without test data. */
  readonly judgement: Judgement | null;
  readonly notes: readonly string[];
}

export interface Judgement {
  readonly evaluation: Evaluation;
  /** Null for boxes. */
  readonly predictions: Predictions | null;
  readonly stable: Judged | null;
  /** Requirements that are not met, one sentence part each. */
  readonly failures: readonly string[];
}
