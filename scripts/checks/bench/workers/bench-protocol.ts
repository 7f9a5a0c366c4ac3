// The calls that the measured Workers answer besides inference: the same in each, so that a section treats them alike.

export interface LoadReport {
  /** From the model's bytes in JS to a session that is ready. Clocks in workerd tick once a millisecond. */
  readonly readyMs: number;
  /** Size of the linear memory. */
  readonly heapBytes: number;
}

export interface RunReport {
  readonly runs: number;
  /** All runs together. */
  readonly totalMs: number;
  readonly heapBytes: number;
}

export interface ReplaceReport {
  readonly liveBytes: number;
  /** Heaps that were given up and not yet collected. */
  readonly discardedBytes: number;
  readonly budgetBytes: number;
  /** Why the model could not be loaded into the fresh heap, or null. */
  readonly refused: string | null;
}

export interface EngineLoad {
  /** Size of the engine's linear memory. */
  readonly heapBytes: number;
}

export interface EngineRun {
  readonly runs: number;
  readonly heapBytes: number;
}
