// The first run of a version, on its manifest's sample input: V8 and onnxruntime prepare in it what later runs reuse.
import type { Manifest } from '../../registry/manifest.ts';
import type { ModelSession } from './loader.ts';
import { toRuntimeTensor, warmupTensors } from './tensors.ts';

/** Runs the sample input. Does nothing if the manifest has none. */
export function runWarmup(session: ModelSession, manifest: Manifest): void {
  const sample = warmupTensors(manifest);
  const outputs = manifest.signature.outputs.map(({ name }) => name);
  if (sample) session.run(sample.map(toRuntimeTensor), outputs, () => undefined);
}
