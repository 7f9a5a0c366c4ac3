// How a model is prepared: what the caller says of it, with defaults for the rest.
import { defaultLimits } from '../../registry/default-limits.ts';
import type { Tolerance } from '../../worker/protocol/compare-elements.ts';

/** `auto`: LiteRT where it is enough faster; `litert` insists on it, `onnxruntime` does not try it. */
export type EngineOption = 'auto' | 'onnxruntime' | 'litert';

export interface PreparationOptions {
  /** Allowed difference from native onnxruntime, |a - b| <= absolute + relative * |b|; default 1e-3 and 1e-3. */
  readonly tolerance?: Tolerance;
  /** The heap that the model has to fit into, as a PoP's MEMORY_BUDGET_MIB; default: that setting's own. */
  readonly memoryBudgetMib?: number;
  /** Limit of each step that runs the model: a load, a run, the conversion; default 60. */
  readonly timeoutSeconds?: number;
  /** Limit of the native child process; default 3072. */
  readonly memoryLimitMib?: number;
  /** An input on which a run takes longer on the processor is too large, ms; 0: nothing is measured. Default 2000. */
  readonly probeLimitMs?: number;
  /** `ort` insists on conversion, `onnx` leaves the file as it is; default `auto`. */
  readonly format?: 'auto' | 'onnx' | 'ort';
  /** The runtime that serves it; default `auto`. */
  readonly engine?: EngineOption;
  /** Publishes a model that gives other answers to the same question; default: it is refused. */
  readonly allowRandom?: boolean;
}

/** An .onnx takes about four times its weights in the WASM heap; what needs more than this never fits once converted. */
export const originalHeapFactor = 5;
export const defaultTolerance: Tolerance = { absolute: 1e-3, relative: 1e-3 };

export interface PreparationSettings {
  readonly memoryBudgetMib: number;
  readonly originalHeapMib: number;
  readonly timeoutMs: number;
  readonly memoryLimitMib: number;
  readonly tolerance: Tolerance;
  readonly format: 'auto' | 'onnx' | 'ort';
  readonly engine: EngineOption;
  readonly probeLimitMs: number;
  readonly allowRandom: boolean;
}

export function settingsOf(options: PreparationOptions): PreparationSettings {
  const memoryBudgetMib = options.memoryBudgetMib ?? defaultLimits.memoryBudgetMib;
  return {
    memoryBudgetMib,
    originalHeapMib: memoryBudgetMib * originalHeapFactor,
    timeoutMs: (options.timeoutSeconds ?? 60) * 1000,
    memoryLimitMib: options.memoryLimitMib ?? 3072,
    tolerance: options.tolerance ?? defaultTolerance,
    format: options.format ?? 'auto',
    engine: options.engine ?? 'auto',
    probeLimitMs: options.probeLimitMs ?? 2000,
    allowRandom: options.allowRandom ?? false,
  };
}
