// A model trained beside what goes on, and kept as a file.
import { writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { FleetRecord } from '../fleet-data.ts';

export interface TrainedModel {
  readonly file: string;
  readonly rows: number;
  readonly trees: number;
  readonly ms: number;
}

/** @throws Error of the training */
export async function train(rows: readonly FleetRecord[], file: string, description: string): Promise<TrainedModel> {
  const startedMs = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<{ onnx: Uint8Array; trees: number }>();
  const worker = new Worker(new URL('./train-thread.ts', import.meta.url), { workerData: { rows, description } });
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`training ended with ${code} and without a model`)));
  const { onnx, trees } = await promise.finally(() => worker.terminate());
  await writeFile(file, onnx);
  return { file, rows: rows.length, trees, ms: performance.now() - startedMs };
}
