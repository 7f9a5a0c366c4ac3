// Inference requests and answers of the Open Inference Protocol with binary tensors: JSON first, then the raw data.
import { joinBytes } from '../registry/bytes.ts';
import { PopserveError } from './errors.ts';
import { toJson } from './json.ts';
import type { InferOptions } from './options.ts';
import {
  type Datatype,
  fromBytes,
  type OutputTensor,
  type Spelled,
  textDecoder,
  textEncoder,
  toBytes,
} from './tensors.ts';

const headerLength = 'inference-header-content-length';

/** The JSON part of a request; the data of its inputs follows in the same order. */
export interface RequestHead {
  id?: string;
  parameters: Record<string, string | number | boolean>;
  inputs: TensorHead[];
  outputs?: { name: string }[];
}

/** The JSON part of an answer. */
export interface AnswerHead {
  id?: string;
  outputs: TensorHead[];
}

interface TensorHead {
  name: string;
  datatype: Datatype;
  shape: number[];
  parameters: { binary_data_size: number };
}

export function encodeRequest(inputs: ReadonlyMap<string, Spelled>, { id, parameters, outputs }: InferOptions) {
  const parts: Uint8Array[] = [];
  const described = Array.from(inputs, ([name, tensor]) => {
    const bytes = toBytes(tensor);
    parts.push(bytes);
    const { datatype, shape } = tensor;
    return { name, datatype, shape: [...shape], parameters: { binary_data_size: bytes.length } };
  });
  // JSON leaves out what is undefined.
  const request = {
    id,
    parameters: { ...parameters, binary_data_output: true },
    inputs: described,
    outputs: outputs?.map((name) => ({ name })),
  } as RequestHead;
  const head = textEncoder.encode(toJson(request));
  const body = joinBytes([head, ...parts]);
  return { body, headers: { 'content-type': 'application/octet-stream', [headerLength]: `${head.length}` } };
}

/** @throws {PopserveError} BAD_ANSWER if this is not an inference response with binary tensors */
export function decodeAnswer(headers: Headers, body: ArrayBuffer) {
  try {
    let at = Number(headers.get(headerLength) ?? body.byteLength);
    const answer: AnswerHead = JSON.parse(textDecoder.decode(new Uint8Array(body, 0, at)));
    const outputs: Record<string, OutputTensor> = {};
    for (const { name, datatype, shape, parameters } of answer.outputs) {
      const { binary_data_size: length } = parameters;
      outputs[name] = fromBytes(name, datatype, shape, new Uint8Array(body, at, length));
      at += length;
    }
    return { ...(answer.id === undefined ? {} : { id: answer.id }), outputs };
  } catch (cause) {
    throw new PopserveError('BAD_ANSWER', `the answer is not an inference response: ${cause}`, { cause });
  }
}
