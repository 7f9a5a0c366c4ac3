// A small valid release: bytes that stand for a model, and the manifest that names them.
import { sha256Digest } from '../../registry/digests.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Digest } from '../../registry/names.ts';
import type { Registry } from '../../registry/registry.ts';

export interface SampleRelease {
  blob: Uint8Array<ArrayBuffer>;
  digest: Digest;
  manifest: Manifest;
}

/** @param content what the model's bytes are made of; the same content gives the same blob */
export async function sampleRelease(model: string, version: string, content = `${model} ${version}`) {
  const blob = new TextEncoder().encode(content);
  const digest = await sha256Digest(blob);
  const manifest: Manifest = {
    schema: 1,
    model,
    version,
    artifacts: { model: { digest, bytes: blob.byteLength, format: 'onnx' } },
    signature: {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    },
    runtime: {
      onnxruntime: '1.30.0',
      graphOptimization: 'extended',
      profiles: { lean: { heapBytes: 10_000_000, createMs: 3, runMs: 0.2 } },
    },
    warmup: [{ name: 'x', shape: [1, 4] }],
    tolerance: { absolute: 1e-5, relative: 1e-4 },
    source: { file: 'model.onnx', digest, bytes: blob.byteLength },
  };
  return { blob, digest, manifest } satisfies SampleRelease;
}

/** Everything of a release but the route. */
export async function upload(registry: Registry, { blob, digest, manifest }: SampleRelease): Promise<void> {
  await registry.putBlob(digest, blob, blob.byteLength);
  await registry.putManifest(manifest.model, manifest.version, manifest);
}

export async function uploadVersions(registry: Registry, model: string, versions: readonly string[]): Promise<void> {
  for (const version of versions) await upload(registry, await sampleRelease(model, version));
}
