// Is a version that exists already the one that is being published again? Then its manifest is kept, and a retry changes nothing.
import { canonicalJson } from '../../registry/canonical-json.ts';
import type { Manifest } from '../../registry/manifest.ts';

/**
 * Equal in everything but what is measured: heap sizes and times, limits that the publisher did not decide and the runs behind them,
 * the inputs without elements that it runs on, golden vectors (the last bits of native answers depend on the processor), what
 * native onnxruntime scored, the version that was served at the time, and the notes about them.
 */
export function sameRelease(existing: Manifest, fresh: Manifest): boolean {
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
