// The answer to an inference request: the outputs it asked for, in the form it asked for. What of the answer's text does not depend on
// the elements is its form, which is made once for requests with the same head.

import type { Labels } from '../../registry/classifier.ts';
import { invalid, PopserveError } from '../../registry/errors.ts';
import type { AnsweredTensor, AnswerForm } from './answer-form.ts';
import { classify } from './classification.ts';
import { quote } from './describe.ts';
import { encodeJsonData } from './encode-json-data.ts';
import { tensorHead } from './encode-tensor.ts';
import { type EncodedMessage, sealBinary, sealEnvelope, sealHead } from './envelope.ts';
import type { InferRequest, Parameters, RequestedOutput } from './infer-request.ts';
import type { NonFinite } from './non-finite.ts';
import type { Tensor } from './tensor.ts';

export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id?: string;
  readonly parameters?: Parameters;
  /** Of a known head, the form of its answers is kept with it. */
  readonly request: Pick<InferRequest, 'outputs' | 'binaryOutputs' | 'known'>;
  /** At least the requested ones; views may lie in the heap. */
  readonly outputs: readonly Tensor[];
  /** Class labels by output name, for the classification extension. */
  readonly labels?: Readonly<Record<string, Labels>>;
  /** Default: `null`. */
  readonly nonFinite?: NonFinite;
}

function selectOutputs({
  request,
  outputs,
}: InferResponse): { tensor: Tensor; requested: RequestedOutput | undefined }[] {
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
  const { known } = response.request;
  const kept = known?.answer ?? null;
  if (kept !== null && fits(kept, response.outputs)) return fill(kept, response.outputs, response.nonFinite);
  const selected = selectOutputs(response);
  const tensors = selected.map(({ tensor, requested }) => {
    const count = requested?.classification;
    return count === undefined ? tensor : classify(tensor, count, response.labels?.[tensor.name]);
  });
  const form = formOf(
    response,
    tensors,
    selected.map(({ requested }) => requested?.binary ?? response.request.binaryOutputs),
  );
  // A form that depends on what the elements are is good for one answer.
  const isFixed = tensors.every(
    ({ data }, index) => data instanceof Uint8Array && data === response.outputs[index]?.data,
  );
  if (known !== undefined && isFixed) {
    if (form.head !== null) Object.freeze(form.head.headers);
    known.answer = form;
  }
  return fill(form, tensors, response.nonFinite);
}

function formOf(
  { modelName, modelVersion, id, parameters }: InferResponse,
  outputs: readonly Tensor[],
  areBinary: readonly boolean[],
): AnswerForm {
  const head = JSON.stringify({ model_name: modelName, model_version: modelVersion, id, parameters });
  let text = `${head.slice(0, -1)},"outputs":[`;
  const pieces: string[] = [];
  const tensors = outputs.map((output, index): AnsweredTensor => {
    const { name, datatype, shape } = output;
    const where = `output ${quote(name)}`;
    const binary = areBinary[index] === true;
    if (!binary && (datatype === 'FP16' || datatype === 'BF16')) {
      throw invalid(`${where}: ${datatype} has no JSON form, ask for it with parameters {"binary_data": true}`);
    }
    text += `${index === 0 ? '' : ','}${tensorHead(output, binary)}`;
    if (!binary) {
      pieces.push(text);
      text = '';
    }
    text += '}';
    return { name, datatype, shape: [...shape], binary, where };
  });
  pieces.push(`${text}]}`);
  return { tensors, pieces, head: pieces.length === 1 && tensors.length > 0 ? sealHead(pieces[0] ?? '') : null };
}

function fits({ tensors }: AnswerForm, outputs: readonly Tensor[]): boolean {
  if (outputs.length !== tensors.length) return false;
  for (let index = 0; index < tensors.length; index++) {
    const [known, output] = [tensors[index], outputs[index]];
    if (known === undefined || output === undefined) return false;
    if (known.name !== output.name || known.datatype !== output.datatype) return false;
    const { shape } = output;
    if (shape.length !== known.shape.length) return false;
    for (let axis = 0; axis < shape.length; axis++) if (shape[axis] !== known.shape[axis]) return false;
  }
  return true;
}

/** @param outputs as the form has them */
function fill(
  { tensors, pieces, head }: AnswerForm,
  outputs: readonly Tensor[],
  nonFinite: NonFinite | undefined,
): EncodedMessage {
  if (head !== null) return sealBinary(head, outputs);
  let text = pieces[0] ?? '';
  let piece = 1;
  const binary: Tensor[] = [];
  for (const [index, output] of outputs.entries()) {
    const { binary: isBinary = false, where = '' } = tensors[index] ?? {};
    if (isBinary) binary.push(output);
    else text += encodeJsonData(output, where, nonFinite) + (pieces[piece++] ?? '');
  }
  return sealEnvelope(text, binary);
}
