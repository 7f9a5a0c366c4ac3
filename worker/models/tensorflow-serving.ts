// What TensorFlow Serving's clients are told about models.
// https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md
import type { Manifest } from '../../registry/manifest.ts';
import type { Datatype, TensorSpec } from '../../registry/signature.ts';
import type { Isolate } from '../isolate.ts';

interface VersionStatus {
  version: string;
  state: 'AVAILABLE' | 'LOADING' | 'END';
  status: { error_code: string; error_message: string };
}

const typeNames = {
  BOOL: 'DT_BOOL',
  UINT8: 'DT_UINT8',
  UINT16: 'DT_UINT16',
  UINT32: 'DT_UINT32',
  UINT64: 'DT_UINT64',
  INT8: 'DT_INT8',
  INT16: 'DT_INT16',
  INT32: 'DT_INT32',
  INT64: 'DT_INT64',
  FP16: 'DT_HALF',
  FP32: 'DT_FLOAT',
  FP64: 'DT_DOUBLE',
  BF16: 'DT_BFLOAT16',
  BYTES: 'DT_STRING',
} satisfies Record<Datatype, string>;

/** A version that is not loaded here is available all the same: it is loaded on demand. */
export function servedVersion({ models }: Isolate, manifest: Manifest): VersionStatus {
  const { version } = manifest;
  const held = models.state(manifest);
  if (held?.state === 'UNAVAILABLE') {
    return { version, state: 'END', status: { error_code: 'UNAVAILABLE', error_message: held.reason } };
  }
  const state = held?.state === 'LOADING' ? 'LOADING' : 'AVAILABLE';
  return { version, state, status: { error_code: 'OK', error_message: '' } };
}

/** @throws PopserveError NOT_FOUND */
export async function servedVersions(isolate: Isolate, model: string) {
  const versions = await isolate.registry.listVersions(model);
  const manifests = await Promise.all(versions.map(({ version }) => isolate.registry.getManifest(model, version)));
  return { model_version_status: manifests.map((manifest) => servedVersion(isolate, manifest)) };
}

export function signatureMetadata({ model, version, signature }: Manifest) {
  const tensors = (specs: readonly TensorSpec[]) =>
    Object.fromEntries(
      specs.map(({ name, datatype, shape }) => [
        name,
        {
          name,
          dtype: typeNames[datatype],
          tensor_shape: { dim: shape.map((size) => ({ size: String(size), name: '' })), unknown_rank: false },
        },
      ]),
    );
  const served = {
    inputs: tensors(signature.inputs),
    outputs: tensors(signature.outputs),
    method_name: 'tensorflow/serving/predict',
  };
  return {
    model_spec: { name: model, signature_name: '', version },
    metadata: { signature_def: { signature_def: { serving_default: served } } },
  };
}
