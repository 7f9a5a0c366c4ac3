// The status and metadata of models as clients of TensorFlow Serving read them.
// @see https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md
import type {
  ServedVersions,
  SignatureMetadata,
  TensorInfo,
  VersionStatus,
} from '../../registry/api/tensorflow-serving.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { TensorSpec } from '../../registry/signature.ts';
import { tensorflowTypes } from '../../registry/tensorflow-types.ts';
import type { Isolate } from '../isolate.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Selector } from '../routing/route-table.ts';
import type { ModelState } from '../runtime/model-entry.ts';

/**
 * Reads the state of the version that the selector names, or of every version if it names none.
 * @throws {PopserveError} NOT_FOUND when the model or version is unknown
 */
export async function versionStatuses(
  isolate: Isolate,
  selector: Selector,
  scope: RequestScope,
): Promise<ServedVersions> {
  const { registry, routes } = isolate;
  const { model, requested } = selector;
  const versions =
    requested === null
      ? await registry.versionNames(model)
      : [(await routes.resolve(selector, scope)).manifest.version];
  const states = isolate.models.states();
  return { model_version_status: versions.map((version) => versionStatus(version, states.get(`${model}/${version}`))) };
}

/** A version that is not loaded here counts as available, since it is loaded on demand. */
function versionStatus(version: string, held: ModelState | undefined): VersionStatus {
  if (held?.state === 'UNAVAILABLE') {
    return { version, state: 'END', status: { error_code: 'UNAVAILABLE', error_message: held.reason } };
  }
  const state = held?.state === 'LOADING' ? 'LOADING' : 'AVAILABLE';
  return { version, state, status: { error_code: 'OK', error_message: '' } };
}

export function signatureMetadata({ model, version, signature }: Manifest): SignatureMetadata {
  const tensors = (specs: readonly TensorSpec[]): Record<string, TensorInfo> =>
    Object.fromEntries(
      specs.map(({ name, datatype, shape }) => [
        name,
        {
          name,
          dtype: tensorflowTypes[datatype],
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
