// The status and metadata of models as clients of TensorFlow Serving read them, and those of KServe's first protocol, which has the same
// paths.
// @see https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md
// @see https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
import type {
  ServedVersions,
  SignatureMetadata,
  TensorInfo,
  VersionStatus,
} from '../../registry/api/tensorflow-serving.ts';
import { PopserveError } from '../../registry/errors.ts';
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
  const { model, requested } = selector;
  const answering = await answeringVersion(isolate, selector, scope);
  const versions = requested === null || answering === null ? await isolate.registry.versionNames(model) : [answering];
  const states = isolate.models.states();
  const stateOf = (version: string) => states.get(`${model}/${version}`);
  return {
    name: model,
    ready: answering !== null && stateOf(answering)?.state !== 'UNAVAILABLE',
    model_version_status: versions.map((version) => versionStatus(version, stateOf(version))),
  };
}

/** @returns null for a model of which no version is active */
async function answeringVersion(isolate: Isolate, selector: Selector, scope: RequestScope): Promise<string | null> {
  try {
    return (await isolate.routes.resolve(selector, scope)).manifest.version;
  } catch (error) {
    const isIdle = error instanceof PopserveError && error.code === 'UNAVAILABLE' && selector.requested === null;
    if (isIdle && selector.minEpoch === null) return null;
    throw error;
  }
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
