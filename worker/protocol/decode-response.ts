// The caller's side: an inference response from its body, JSON or with binary tensors.
import { defaultLimits } from '../../registry/default-limits.ts';
import { PopserveError } from '../../registry/errors.ts';
import { decodeTensors } from './decode-tensors.ts';
import { readHeaderLength } from './envelope.ts';
import { isAbsent, readObject, readParameters, readString } from './fields.ts';
import type { Parameters } from './infer-request.ts';
import { parseJson } from './json.ts';
import type { Tensor } from './tensor.ts';

/** The caller chose the server; only nesting is bounded, for the reviver's recursion. */
const unlimited = Number.MAX_SAFE_INTEGER;

export interface DecodedInferResponse {
  readonly modelName: string;
  readonly modelVersion?: string;
  readonly id?: string;
  readonly parameters: Parameters;
  readonly outputs: readonly Tensor[];
}

function decode(body: Uint8Array, headerLength: string | null): DecodedInferResponse {
  const jsonBytes = readHeaderLength(headerLength, body.length);
  const json = parseJson(body.subarray(0, jsonBytes), { maxDepth: defaultLimits.jsonDepth, maxValues: unlimited });
  const response = readObject(json.value, 'the body');
  const limits = { maxTensors: unlimited, maxElements: unlimited };
  return {
    modelName: readString(response.model_name, "'model_name'"),
    ...(isAbsent(response.model_version)
      ? {}
      : { modelVersion: readString(response.model_version, "'model_version'") }),
    ...(isAbsent(response.id) ? {} : { id: readString(response.id, "'id'") }),
    parameters: readParameters(response.parameters, "'parameters'"),
    outputs: decodeTensors('output', json, body.subarray(jsonBytes), limits),
  };
}

/**
 * Decodes the body of a successful inference response; binary tensors are views on `body`.
 *
 * @param headerLength value of the header Inference-Header-Content-Length, `null` without one
 * @throws PopserveError INTERNAL, the server's fault, if it is not an Open Inference Protocol response
 */
export function decodeInferResponse(message: {
  readonly body: Uint8Array;
  readonly headerLength: string | null;
}): DecodedInferResponse {
  try {
    return decode(message.body, message.headerLength);
  } catch (error) {
    if (!(error instanceof PopserveError)) throw error;
    throw new PopserveError('INTERNAL', `the server's answer is not an inference response: ${error.message}`, {
      cause: error,
    });
  }
}
