// Is a version that exists already the one that is being published again? Then its manifest is kept, and a retry changes nothing.
import { canonicalJson } from '../../registry/canonical-json.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { EngineOption } from './settings.ts';

/**
 * Equal in everything but what is measured: heap sizes and times, limits that the publisher did not decide and the runs behind them,
 * the inputs without elements that it runs on, golden vectors (the last bits of native answers depend on the processor), what
 * native onnxruntime scored, the engine that was found to be faster, the version that was served at the time, and the notes about them.
 * @param engine that the publisher decided on: a version that the other one runs is no repetition of this one
 */
export function sameRelease(existing: Manifest, fresh: Manifest, engine: EngineOption = 'auto'): boolean {
  const runs = existing.runtime.litert === undefined ? 'onnxruntime' : 'litert';
  if (engine !== 'auto' && engine !== runs) return false;
  return canonicalJson(identity(existing)) === canonicalJson(identity(fresh));
}

function identity(manifest: Manifest): unknown {
  const { artifacts, runtime, limits, costs: _, zeroSizes: __, evaluation, notes: ___, ...rest } = manifest;
  const { onnxruntime, graphOptimization } = runtime;
  const decided = (limits ?? []).flatMap(({ name, shape, given }) =>
    (given ?? []).map((axis) => ({ name, axis, most: shape[axis] ?? null })),
  );
  const judged = evaluation && {
    ...evaluation,
    native: null,
    gate: { ...evaluation.gate, stable: undefined, notCompared: undefined },
  };
  const served = { model: artifacts.model, tokenizer: artifacts.tokenizer };
  return { ...rest, evaluation: judged, limits: decided, served, onnxruntime, graphOptimization };
}
