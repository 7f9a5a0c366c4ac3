// The second engine in a manifest: what belongs together, and which blobs a version keeps alive.
import { describe, expect, it } from 'vitest';
import { type Manifest, manifestBlobs, manifestSchema, outputTolerance } from '../../registry/manifest.ts';
import { check } from '../../registry/parse.ts';
import { sampleRelease } from './sample-release.ts';

const { manifest, digest } = await sampleRelease('pump', '1');
const tflite = { digest: `sha256:${'b'.repeat(64)}`, bytes: 5 };
const litert: NonNullable<Manifest['runtime']['litert']> = {
  version: '2.5.3',
  inputs: [{ name: 'x', shape: [1, 4] }],
  profile: { heapBytes: 1_000_000, createMs: 2, runMs: 0.1 },
  timesFaster: 1.77,
  chosen: 'measured',
};

function versionWith(artifacts: Partial<Manifest['artifacts']>, runtime: Partial<Manifest['runtime']>): Manifest {
  return {
    ...manifest,
    artifacts: { ...manifest.artifacts, ...artifacts },
    runtime: { ...manifest.runtime, ...runtime },
  };
}

describe('a manifest with LiteRT', () => {
  it.each<[string, Manifest, string[]]>([
    ['has the converted model and how it runs', versionWith({ tflite }, { litert }), []],
    ['or neither', manifest, []],
    ['or neither and the reason', versionWith({}, { litertRefused: '0.96 times as fast' }), []],
    [
      'not the converted model alone',
      versionWith({ tflite }, {}),
      ['artifacts.tflite: expected runtime.litert beside it'],
    ],
    ['not how it runs alone', versionWith({}, { litert }), ['runtime.litert: expected artifacts.tflite beside it']],
    [
      'not the reason against it as well',
      versionWith({ tflite }, { litert, litertRefused: '0.96 times as fast' }),
      ['runtime.litertRefused: expected runtime.litert or this, got both'],
    ],
  ])('%s', (_, content, faults) => {
    const checked = check(manifestSchema, content);
    expect('faults' in checked ? checked.faults : []).toEqual(faults);
  });

  it('takes no variable size', () => {
    const variable = { ...litert, inputs: [{ name: 'x', shape: [-1, 4] }] };
    const checked = check(manifestSchema, versionWith({ tflite }, { litert: variable }));
    expect('faults' in checked && checked.faults.join()).toContain('runtime.litert.inputs.0.shape.0');
  });

  it('keeps the blob of the converted model', () => {
    expect(manifestBlobs(versionWith({ tflite }, { litert }))).toEqual([digest, tflite.digest]);
  });

  it('allows an output the larger of both tolerances', () => {
    const { tolerance } = manifest;
    const stepped = { ...litert, tolerance: { y: 0.025 } };
    expect(outputTolerance(tolerance, stepped, 'y')).toEqual({ ...tolerance, absolute: 0.025 });
    expect(outputTolerance(tolerance, stepped, 'constructor')).toEqual(tolerance);
    expect(outputTolerance(tolerance, undefined, 'y')).toEqual(tolerance);
  });
});
