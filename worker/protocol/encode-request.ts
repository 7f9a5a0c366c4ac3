// The caller's side: an inference request from tensors, as JSON or with binary tensors.
import { invalid } from '../../registry/errors.ts';
import { isFloat } from '../../registry/signature.ts';
import { quote } from './describe.ts';
import { elementsOf } from './elements.ts';
import { encodeTensor } from './encode-tensor.ts';
import { type EncodedMessage, sealEnvelope } from './envelope.ts';
import type { Parameters } from './infer-request.ts';
import type { Tensor } from './tensor.ts';

export interface InferRequestOptions {
  readonly id?: string;
  readonly parameters?: Parameters;
  /** Send the inputs in the binary form. */
  readonly binary?: boolean;
  /** Ask for all outputs in the binary form. */
  readonly binaryOutputs?: boolean;
  /** The outputs to ask for; all without it. */
  readonly outputs?: readonly {
    readonly name: string;
    readonly binary?: boolean;
    readonly classification?: number;
  }[];
}

/** The protocol's null would arrive as NaN. */
function refuseInfinities(tensor: Tensor, where: string): void {
  const { datatype, data } = tensor;
  if (!(data instanceof Uint8Array)) return;
  if (!isFloat(datatype)) return;
  for (const value of elementsOf(datatype, data)) {
    if (Math.abs(value) === Number.POSITIVE_INFINITY) {
      throw invalid(`${where}: ${value} has no JSON form, send it in the binary form`);
    }
  }
}

/**
 * @param tensors the inputs; FP16 and BF16 as JSON are an extension of popserve
 * @throws PopserveError INVALID_ARGUMENT if a tensor has no JSON form: infinities, BYTES that are not UTF-8
 */
export function encodeInferRequest(tensors: readonly Tensor[], options: InferRequestOptions = {}): EncodedMessage {
  const binary = options.binary ?? false;
  const entries = tensors.map((tensor) => {
    const where = `input ${quote(tensor.name)}`;
    if (!binary) refuseInfinities(tensor, where);
    return encodeTensor(tensor, binary, where);
  });
  const parameters = {
    ...options.parameters,
    ...(options.binaryOutputs === undefined ? {} : { binary_data_output: options.binaryOutputs }),
  };
  const outputs = options.outputs?.map(({ name, binary: binary_data, classification }) => ({
    name,
    parameters: { binary_data, classification },
  }));
  const tail = JSON.stringify({ id: options.id, parameters, outputs });
  return sealEnvelope(`{"inputs":[${entries.join(',')}],${tail.slice(1)}`, binary ? tensors : []);
}
