// The graph that becomes a TensorFlow Lite model: tensors by number, operators in the order in which they run.
import type { OperatorName, OptionValues, TensorTypeName } from './schema.ts';

/** real = scale * (stored - zeroPoint) */
export interface Quantisation {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  /** Which dimension has a scale each; 0 where there is one scale for all. */
  readonly dimension: number;
}

export interface TargetTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: TensorTypeName;
  /** The elements of a constant. */
  readonly data: Uint8Array | null;
  readonly quantisation: Quantisation | null;
}

export interface TargetOperator {
  readonly operator: OperatorName;
  /** -1 where an optional input is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: OptionValues;
}

/** An input or output by the name that the ONNX model gives it. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: number;
}

export interface TargetGraph {
  readonly tensors: readonly TargetTensor[];
  readonly operators: readonly TargetOperator[];
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
}
