// The answer to an inference request: the outputs it asked for, in the form it asked for.

import type { Labels } from '../../registry/classifier.ts';
import { invalid, PopserveError } from '../../registry/errors.ts';
import { classify } from './classification.ts';
import { quote } from './describe.ts';
import { encodeTensor } from './encode-tensor.ts';
import { type EncodedMessage, sealEnvelope } from './envelope.ts';
import type { InferRequest, Parameters, RequestedOutput } from './infer-request.ts';
import type { Tensor } from './tensor.ts';

export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id?: string;
  readonly parameters?: Parameters;
  readonly request: Pick<InferRequest, 'outputs' | 'binaryOutputs'>;
  /** At least the requested ones; views may lie in the heap. */
  readonly outputs: readonly Tensor[];
  /** Class labels by output name, for the classification extension. */
  readonly labels?: Readonly<Record<string, Labels>>;
}

function selectOutputs(response: InferResponse): { tensor: Tensor; requested: RequestedOutput | undefined }[] {
  const { request, outputs } = response;
  if (request.outputs === null) return outputs.map((tensor) => ({ tensor, requested: undefined }));
  return request.outputs.map((requested) => {
    const tensor = outputs.find((output) => output.name === requested.name);
    if (tensor !== undefined) return { tensor, requested };
    throw new PopserveError('INTERNAL', `output ${quote(requested.name)}: the model did not give it`);
  });
}

/**
 * Outputs in the order they were requested in, else the model's. Binary data is copied once, straight into the body.
 *
 * @throws PopserveError INVALID_ARGUMENT if an output has no JSON form (FP16, BF16, BYTES that are not UTF-8) and binary was
 * not asked for, or classification was asked for an output that is not numeric
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export function encodeInferResponse(response: InferResponse): EncodedMessage {
  const binaryTensors: Tensor[] = [];
  const entries = selectOutputs(response).map(({ tensor: output, requested }) => {
    const where = `output ${quote(output.name)}`;
    const binary = requested?.binary ?? response.request.binaryOutputs;
    const count = requested?.classification;
    const tensor = count === undefined ? output : classify(output, count, response.labels?.[output.name]);
    if (binary) binaryTensors.push(tensor);
    else if (tensor.datatype === 'FP16' || tensor.datatype === 'BF16') {
      throw invalid(`${where}: ${tensor.datatype} has no JSON form, ask for it with parameters {"binary_data": true}`);
    }
    return encodeTensor(tensor, binary, where);
  });
  const { modelName, modelVersion, id, parameters } = response;
  const head = JSON.stringify({ model_name: modelName, model_version: modelVersion, id, parameters });
  return sealEnvelope(`${head.slice(0, -1)},"outputs":[${entries.join(',')}]}`, binaryTensors);
}
