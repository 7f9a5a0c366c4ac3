// Runs of a model on inputs of a size to be tried, in the inspection Worker. There a run that never ends can be killed; in an isolate
// that serves it cannot. All runs of one model share a budget of time.
import { isolateMemory } from '../../registry/default-limits.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { InspectionError } from '../inspect/inspector.ts';
import { isSizeOverflow } from '../inspect/refusal.ts';
import type { WasmModel } from '../inspect/wasm-model.ts';
import { bytesOf } from './sized-inputs.ts';

/** The part of a loaded model that is needed here. */
export type MeasuredModel = Pick<WasmModel, 'measure'>;

export interface TrialLimits {
  /** A run that takes longer is too long. Time on the processor where the system tells it, else time on the clock. */
  readonly runMs: number;
  /** Limit of the heap. */
  readonly memoryBudgetMib: number;
  /** Limit of one run on the clock, where time on the processor is what counts. */
  readonly timeoutMs: number;
}

export interface Trial {
  readonly ms: number;
  /** Whether the run waited for the processor: then V8 may have had no time to optimise the code either, and another run may be faster. */
  readonly hasWaited: boolean;
  readonly heapBytes: number;
  /** Whether the run made the heap grow. A heap never shrinks, so only then its size shows what the run needs. */
  readonly hasGrown: boolean;
  /** Bytes in use in the heap, once the run is over. */
  readonly usedBytes: number;
  /** Bytes of the request and the answer, which lie beside the heap. */
  readonly carriedBytes: number;
}

/** `refused`: by the model itself. */
export type Failure = 'refused' | 'memory' | 'time';

/** Memory that an isolate has for its heap, a request and its answer. */
const isolateMib = isolateMemory.totalMib - isolateMemory.baseMib - isolateMemory.controlMib;
/** All runs of one model together, in runs of the greatest length. */
const totalRuns = 2.5;
/** The same on the clock: on a machine that is so busy, sizes are estimated instead. */
const totalClockRuns = 10;
/** A run is killed once it has taken so many times what is allowed: the size of its excess tells how far to go back. */
const patience = 1.5;
/** Runs that are short beside the limit are measured again, and the shorter counts: the first ones run code that V8 has yet to optimise. */
const shortShare = 1 / 40;
/** A run waited for the processor if it took so many times as long on the clock, beyond what the clock cannot tell. */
const waited = 1.5;
const clockStepMs = 20;

export class TrialRuns {
  readonly #model: MeasuredModel;
  readonly limits: TrialLimits;
  readonly #endOnClock: number;
  #spentMs = 0;
  /** Sizes of the heap that the next run finds, and of a fresh one. */
  #heapBytes: number | null = null;
  #freshBytes: number | null = null;
  #clock: 'processor' | 'wall' = 'wall';

  constructor(model: MeasuredModel, limits: TrialLimits) {
    this.#model = model;
    this.limits = limits;
    this.#endOnClock = performance.now() + totalClockRuns * limits.runMs;
  }

  /** The clock by which the runs so far were timed. */
  get clock(): 'processor' | 'wall' {
    return this.#clock;
  }

  /** Whether no further run is to be started. */
  get isSpent(): boolean {
    return this.#spentMs > totalRuns * this.limits.runMs || performance.now() > this.#endOnClock;
  }

  /** The heap that a run may take, and what heap, request and answer may take together. */
  get room(): { readonly heapBytes: number; readonly totalBytes: number } {
    const heapBytes = this.limits.memoryBudgetMib * mebibyte;
    return { heapBytes, totalBytes: Math.max(isolateMib * mebibyte, heapBytes) };
  }

  /** @returns what the run took, which may be more than is allowed, or why it came to nothing */
  async try(inputs: readonly Tensor[]): Promise<Trial | Failure> {
    const first = await this.once(inputs);
    if (typeof first === 'string' || first.ms > shortShare * this.limits.runMs) return first;
    const second = await this.once(inputs);
    return typeof second === 'string' ? second : faster(first, second);
  }

  /** The resource of which a run took too much, or null. */
  excess({ ms, heapBytes, carriedBytes }: Trial): 'time' | 'memory' | null {
    if (ms > this.limits.runMs) return 'time';
    return heapBytes + carriedBytes > this.room.totalBytes ? 'memory' : null;
  }

  /** As `try`, and no run is measured again. */
  async once(inputs: readonly Tensor[]): Promise<Trial | Failure> {
    const { runMs, timeoutMs } = this.limits;
    const started = performance.now();
    try {
      const run = await this.#model.measure(inputs, { cpuMs: runMs * patience, timeoutMs });
      const ms = run.cpuMs ?? run.runMs;
      if (run.cpuMs !== null) this.#clock = 'processor';
      this.#spentMs += ms;
      const { bytes: heapBytes, usedBytes } = run.heap;
      const hasGrown = this.#heapBytes !== null && heapBytes > this.#heapBytes;
      this.#heapBytes = heapBytes;
      this.#freshBytes ??= heapBytes;
      const hasWaited = run.cpuMs !== null && run.runMs > waited * run.cpuMs + clockStepMs;
      return { ms, hasWaited, heapBytes, hasGrown, usedBytes, carriedBytes: bytesOf(inputs) + run.outputBytes };
    } catch (error) {
      if (!(error instanceof InspectionError)) throw error;
      // After any other failure the model is loaded again, in a fresh heap.
      if (error.kind !== 'refused') this.#heapBytes = this.#freshBytes;
      const isTimeout = error.kind === 'timeout';
      this.#spentMs += isTimeout ? runMs * patience : Math.min(performance.now() - started, runMs);
      if (isTimeout) return 'time';
      return error.kind === 'refused' && !isSizeOverflow(error.message) ? 'refused' : 'memory';
    }
  }
}

/** Two runs on the same inputs as one. */
export function faster(first: Trial, second: Trial): Trial {
  const { ms, hasWaited } = second.ms < first.ms ? second : first;
  return { ...second, ms, hasWaited, hasGrown: first.hasGrown || second.hasGrown };
}
