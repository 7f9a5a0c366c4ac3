// Runs the demo model in native onnxruntime, to check and to measure it.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { featureColumns } from './failure-model.ts';
import type { Measurement } from './failure-modes.ts';

export interface Prediction {
  /** 1 where a failure is more likely than not. */
  readonly failure: number;
  /** Probability of a failure. */
  readonly probability: number;
}

export async function predictFailures(onnx: Uint8Array, rows: readonly Measurement[]): Promise<Prediction[]> {
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1 });
  try {
    const { failure, probability } = await session.run(modelInputs(rows));
    const labels = (failure?.data ?? []) as BigInt64Array;
    const probabilities = (probability?.data ?? []) as Float32Array;
    return rows.map((_, row) => ({
      failure: Number(labels[row]),
      probability: probabilities[2 * row + 1] ?? Number.NaN,
    }));
  } finally {
    await session.release();
  }
}

/** The model's input tensors, one row each. */
export function modelInputs(rows: readonly Measurement[]): Record<string, Tensor> {
  const shape = [rows.length, 1];
  const { type: _, ...numeric } = featureColumns(rows);
  const inputs = Object.entries(numeric).map(
    ([name, values]) => [name, new Tensor('float32', Float32Array.from(values), shape)] as const,
  );
  return {
    type: new Tensor(
      rows.map(({ type }) => type),
      shape,
    ),
    ...Object.fromEntries(inputs),
  };
}
