// A publication as the pipeline hands it over, for tests that need no real model.
import { sha256Digest } from '../../../registry/digests.ts';
import { type Manifest, manifestSchema } from '../../../registry/manifest.ts';
import type { Publication, PublishOptions } from '../../../scripts/validation/publication.ts';

/** The publication that the pipeline would make of a file of these bytes; times and golden vectors may differ from run to run. */
export async function samplePublication(
  { model, version, metadata }: Pick<PublishOptions, 'model' | 'version' | 'metadata'>,
  source: Uint8Array<ArrayBuffer>,
  runMs = 1,
  goldenText = '{"cases":[]}',
): Promise<Publication> {
  const golden = new TextEncoder().encode(goldenText);
  const blobs = await Promise.all(
    [source, golden].map(async (bytes) => ({ digest: await sha256Digest(bytes), bytes })),
  );
  const [modelArtifact, goldenArtifact] = blobs.map(({ digest, bytes }) => ({ digest, bytes: bytes.length }));
  const manifest: Manifest = manifestSchema.parse({
    schema: 1,
    model,
    version,
    artifacts: {
      model: { ...modelArtifact, format: 'onnx' },
      golden: goldenArtifact,
    },
    signature: {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    },
    runtime: {
      onnxruntime: '1.30.0',
      graphOptimization: 'all',
      profiles: { lean: { heapBytes: 9_000_000, createMs: 3, runMs } },
    },
    warmup: [{ name: 'x', shape: [1, 2], data: [1, 2.5] }],
    tolerance: { absolute: 0.001, relative: 0.001 },
    source: { file: 'model.onnx', digest: await sha256Digest(source), bytes: source.length },
    ...(metadata === undefined ? {} : { metadata }),
  });
  return { manifest, blobs, notes: ['checked on 2 sample inputs'] };
}
