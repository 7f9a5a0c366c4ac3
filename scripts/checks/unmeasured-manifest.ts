// Manifests for models that checks and tests make themselves: as `popserve publish` writes them, without what it measures.
import { type Manifest, manifestSchema } from '../../registry/manifest.ts';
import type { Signature } from '../../registry/signature.ts';

interface ModelFile {
  readonly digest: string;
  readonly bytes: number;
  /** ONNX if it is not said. */
  readonly format?: 'onnx' | 'ort';
}

/** @param changes stand over what is made here */
export function unmeasuredManifest(
  model: string,
  version: string,
  { digest, bytes, format = 'onnx' }: ModelFile,
  signature: Signature,
  changes: Partial<Manifest> = {},
): Manifest {
  return manifestSchema.parse({
    schema: 1,
    model,
    version,
    artifacts: { model: { digest, bytes, format } },
    signature,
    runtime: { onnxruntime: '1.30.0', graphOptimization: 'all', profiles: {} },
    warmup: signature.inputs.map(({ name, shape }) => ({ name, shape: shape.map((size) => Math.max(size, 1)) })),
    tolerance: { absolute: 1e-3, relative: 1e-3 },
    source: { file: 'model.onnx', digest, bytes },
    ...changes,
  });
}
