// How each contestant is started.
import { type MeasuredWorker, startMeasured } from './measured-worker.ts';
import type { BenchModel } from './models.ts';
import type { BenchContext } from './section.ts';

interface StartOptions {
  readonly inspect?: boolean;
  readonly onLog?: (line: string) => void;
  /** Over the settings of wrangler.toml. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The serving Worker with all models of the shelf in its registry. */
export function startPopserve({ bundles, models }: BenchContext, options: StartOptions = {}): Promise<MeasuredWorker> {
  return startMeasured({
    ...options,
    worker: bundles.popserve,
    telemetry: true,
    settings: { ...bundles.settings, ...options.settings },
    store: { worker: bundles.diskStore, directory: models.store.directory },
  });
}

/** @param served the model of /infer */
export function startStock(
  { bundles, models }: BenchContext,
  served: BenchModel,
  options: StartOptions = {},
): Promise<MeasuredWorker> {
  return startMeasured({
    ...options,
    worker: bundles.stock,
    settings: { MODEL_KEY: `onnx/${served.name}` },
    store: { worker: bundles.diskStore, directory: models.store.directory },
  });
}

export function startBare({ bundles }: BenchContext, options: StartOptions = {}): Promise<MeasuredWorker> {
  return startMeasured({ ...options, worker: bundles.bare });
}

/** What of a manifest the bare Worker needs to load a model. */
export function loadQuery({ manifest }: BenchModel, profile: 'fast' | 'lean'): Record<string, string> {
  return {
    format: manifest.artifacts.model.format,
    profile,
    optimization: manifest.runtime.graphOptimization,
  };
}

/** Stops all, also after a failure in the middle. */
export async function stopAll(running: Readonly<Record<string, { stop(): Promise<void> }>>): Promise<void> {
  await Promise.all(Object.values(running).map((one) => one.stop()));
}
