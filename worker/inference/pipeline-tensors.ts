// Pictures and texts as tensors of the Open Inference Protocol: one input of BYTES in place of the model's own, which never are BYTES.
import { type PipelineParameters, pipelineParametersSchema } from '../../registry/api/pipeline-request.ts';
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import { decodeBase64 } from '../../registry/bytes.ts';
import { invalid } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { parse } from '../../registry/parse.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { pipelineSignature } from '../../registry/pipeline/tensors.ts';
import { answerTensors } from '../pipeline/answer-tensors.ts';
import { isPicture } from '../pipeline/picture-header.ts';
import { checkInputs } from '../protocol/check-inputs.ts';
import { decodeInferRequest } from '../protocol/decode-request.ts';
import { stringsOf } from '../protocol/encode-json-data.ts';
import { encodeInferResponse } from '../protocol/encode-response.ts';
import { type EncodedMessage, readHeaderLength } from '../protocol/envelope.ts';
import type { DecodeLimits, InferRequest, Parameters } from '../protocol/infer-request.ts';
import { parseJson, requestLimits } from '../protocol/json.ts';
import { type NonFinite, withNumbers } from '../protocol/non-finite.ts';
import type { Account } from '../runtime/ledger.ts';
import type { PipelineTensors } from './pipeline-request.ts';
import type { Sent } from './sent.ts';

export interface TensorMessage {
  readonly body: Uint8Array;
  readonly headerLength: string | null;
}

/**
 * @returns null where no input is of BYTES: then the tensors are the model's own
 * @throws {PopserveError} INVALID_ARGUMENT for BYTES that are not as {@link pipelineSignature} has them
 */
export function readBytesTensor(
  message: TensorMessage,
  pipeline: Pipeline,
  limits: DecodeLimits,
  account: Account,
): PipelineTensors | null {
  if (!namesBytes(message, limits)) return null;
  const signature = pipelineSignature(pipeline);
  const request = decodeInferRequest({ ...message, signature, limits });
  checkInputs(request, signature);
  const [input] = request.inputs;
  if (input === undefined || input.data instanceof Uint8Array) throw new Error('BYTES without elements');
  const { name, data } = input;
  if (data.length === 0) throw invalid(`input '${name}': expected at least one element, got none`);
  const sent = 'text' in pipeline ? { texts: stringsOf(data, `input '${name}'`) } : readFiles(data, account);
  return { form: 'tensors', sent, request, parameters: readParameters(request.parameters, pipeline) };
}

/** Files as they are, or in base64, which JSON needs: a picture's first bytes are never text. */
function readFiles(data: readonly Uint8Array[], account: Account): Sent {
  account.take(
    'decoded',
    data.reduce((sum, { length }) => sum + length, 0),
  );
  const files = data.map((element) => {
    if (isPicture(element)) return element;
    return decodeBase64(new TextDecoder().decode(element)) ?? element;
  });
  return { files };
}

/** Whether the head of a message names a tensor of BYTES. */
function namesBytes({ body, headerLength }: TensorMessage, { maxJsonDepth }: DecodeLimits): boolean {
  const bytes = readHeaderLength(headerLength, body.length);
  if (bytes === 0) return false;
  const head = parseJson(body.subarray(0, bytes), { maxDepth: maxJsonDepth, ...requestLimits }, 'tensors').value;
  const inputs = typeof head === 'object' && head !== null && 'inputs' in head ? head.inputs : null;
  if (!Array.isArray(inputs)) return false;
  return inputs.some(
    (input: unknown) =>
      typeof input === 'object' && input !== null && 'datatype' in input && input.datatype === 'BYTES',
  );
}

/** Those of the pipeline; the others are the protocol's own. */
function readParameters(parameters: Parameters, { task, after }: Pipeline): PipelineParameters {
  const own = Object.entries(parameters).filter(([name]) => Object.hasOwn(pipelineParametersSchema.shape, name));
  const read = parse(pipelineParametersSchema, withNumbers(Object.fromEntries(own)), 'parameters');
  if (after.step !== 'classify' || read.threshold === undefined) return read;
  throw invalid(`parameters: 'threshold' gives rows of different lengths, which no tensor has; ask ${task} for top_k`);
}

/** The answers in the form that was asked for. @param parameters said of the answer, beside the tensors */
export function encodeTensors(
  { model, version, pipeline }: Manifest,
  request: InferRequest,
  answers: readonly TaskAnswer[],
  parameters: Parameters,
  nonFinite: NonFinite,
): EncodedMessage {
  if (pipeline === undefined) throw new Error('a pipeline that is not there');
  const { id } = request;
  const outputs = answerTensors(pipeline.after, answers);
  return encodeInferResponse({
    ...{ modelName: model, modelVersion: version, outputs, request, parameters, nonFinite },
    ...(id === undefined ? {} : { id }),
  });
}
