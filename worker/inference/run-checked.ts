// The core of every inference, of the answer and of its shadow alike: check, convert, run, convert back.
import type { Manifest } from '../../registry/manifest.ts';
import { checkInputSizes } from '../protocol/check-input-sizes.ts';
import { checkInputs } from '../protocol/check-inputs.ts';
import { checkZeroSizes } from '../protocol/check-zero-sizes.ts';
import type { RunRequest } from '../protocol/infer-request.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { Engines } from '../runtime/engines.ts';
import type { LoadTimes } from '../runtime/load-times.ts';
import type { ModelCache } from '../runtime/model-cache.ts';
import type { SecondEngine } from '../runtime/second-engine.ts';
import { fromRuntimeTensor, toRuntimeTensor } from '../runtime/tensors.ts';
import type { Durations } from '../telemetry/counters.ts';
import type { Work } from './prepare-inputs.ts';

/** When the steps of one inference ended, by the isolate's clock. Made where decoding begins. */
export class Timing {
  readonly startedAt = performance.now();
  checkedAt = 0;
  loadedAt = 0;
  ranAt = 0;
  endedAt = 0;
  /** Duration of loading the model, if this inference had to wait for it. */
  load: LoadTimes | null = null;
  /** The engine that has answered. */
  engine: 'onnxruntime' | 'litert' = 'onnxruntime';

  /** Called where the answer is encoded. */
  end(): Durations {
    this.endedAt = performance.now();
    return {
      inputMs: this.checkedAt - this.startedAt,
      queueMs: this.loadedAt - this.checkedAt,
      inferMs: this.ranAt - this.loadedAt,
      outputMs: this.endedAt - this.ranAt,
    };
  }
}

/** @throws PopserveError for what does not fit the version */
function check({ signature, zeroSizes, limits }: Manifest, request: RunRequest): void {
  checkInputs(request, signature);
  checkZeroSizes(request.inputs, signature, zeroSizes);
  if (limits) checkInputSizes(request.inputs, limits);
}

export interface Run {
  readonly manifest: Manifest;
  readonly request: RunRequest;
  /** The outputs to compute. */
  readonly names: readonly string[];
  /** Told when each step ends. */
  readonly timing: Timing;
}

/**
 * Runs a version on a request, in the engine that the version and the request's shapes are for. What does not fit the version is
 * refused before anything is loaded.
 * @param use takes the outputs in the order of their names; they are views that end when it returns
 * @returns a promise only where the version has to be loaded first, or where another Worker runs it
 * @throws PopserveError INVALID_ARGUMENT for inputs that the model does not take, UNAVAILABLE if it cannot be loaded
 */
export function runChecked<T>(
  { models, litert }: Engines,
  run: Run,
  work: Work,
  use: (outputs: readonly Tensor[]) => T,
): T | Promise<T> {
  const { manifest, request } = run;
  // Nothing but the head is asked about, and a shadow's manifest is another one.
  if (request.known?.manifest !== manifest) check(manifest, request);
  if (manifest.runtime.litert !== undefined && litert?.takes(manifest, request.inputs)) {
    return runBehindBinding(models, litert, run, work, use);
  }
  return runHere(models, run, work, use);
}

function runHere<T>(
  models: ModelCache,
  { manifest, request, names, timing }: Run,
  { scope }: Work,
  use: (outputs: readonly Tensor[]) => T,
): T | Promise<T> {
  const inputs = request.inputs.map(toRuntimeTensor);
  const loaded = models.isLoaded(manifest);
  timing.checkedAt = performance.now();
  return models.use(manifest, scope, ({ session, times }) => {
    timing.loadedAt = performance.now();
    if (!loaded) timing.load = times;
    return session.run(inputs, names, (tensors) => {
      timing.ranAt = performance.now();
      return use(tensors.map((tensor, index) => fromRuntimeTensor(names[index] ?? '', tensor)));
    });
  });
}

/** Falls back on the models here, within the same request. */
async function runBehindBinding<T>(
  models: ModelCache,
  litert: SecondEngine,
  run: Run,
  work: Work,
  use: (outputs: readonly Tensor[]) => T,
): Promise<T> {
  const { manifest, request, names, timing } = run;
  const checkedAt = performance.now();
  const answer = await litert.run({ manifest, inputs: request.inputs, names }, work.account);
  if (answer === null) return await runHere(models, run, work, use);
  timing.checkedAt = checkedAt;
  timing.loadedAt = checkedAt;
  timing.ranAt = performance.now();
  timing.engine = 'litert';
  try {
    return use(answer.outputs);
  } finally {
    answer.close();
  }
}
