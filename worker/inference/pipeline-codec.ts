// A pipeline's requests and answers in place of tensors: pictures and texts become the model's inputs, its outputs the answer of the task.
import type { PipelineParameters } from '../../registry/api/pipeline-request.ts';
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { outputsRead, type Pipeline } from '../../registry/pipeline/pipeline.ts';
import type { Isolate } from '../isolate.ts';
import { checkTaskAnswerSize } from '../pipeline/answer-size.ts';
import type { Item } from '../pipeline/items.ts';
import { checkParameters } from '../pipeline/parameters.ts';
import { taskAnswers } from '../pipeline/task-answers.ts';
import type { EncodedMessage } from '../protocol/envelope.ts';
import type { RunRequest } from '../protocol/infer-request.ts';
import { type NonFinite, writeJson } from '../protocol/non-finite.ts';
import { answeredItems } from './answered-items.ts';
import type { InferenceCodec } from './codecs.ts';
import type { PipelineBody, PipelineRequest, PipelineTensors } from './pipeline-request.ts';
import { encodeTensors } from './pipeline-tensors.ts';
import { prepareInputs, type Work } from './prepare-inputs.ts';
import { readPipelineRequest } from './read-pipeline-request.ts';
import type { Sent } from './sent.ts';
import { tokenHeaders, truncatedItems } from './token-headers.ts';

type PipelineIsolate = Pick<Isolate, 'config' | 'pictures' | 'texts'>;

/**
 * @returns null where the request is one of the model's own tensors, or of records
 * @throws {PopserveError} INVALID_ARGUMENT naming the step at fault, and those of {@link prepareInputs}
 */
export async function pipelineCodec(
  isolate: PipelineIsolate,
  manifest: Manifest,
  body: PipelineBody,
  work: Work,
): Promise<InferenceCodec<RunRequest> | null> {
  const { pipeline } = manifest;
  if (pipeline === undefined) return null;
  const request = await readPipelineRequest(body, pipeline, isolate.config.decodeLimits, work.account);
  if (request === null) return null;
  return await preparedCodec(isolate, manifest, request, work, (answers, items) =>
    request.form === 'tensors'
      ? encodeBytesTensor(manifest, request, answers, items, body.nonFinite)
      : encodeAnswers(pipeline, request, answers, body.nonFinite),
  );
}

/** @param encode makes the body of the answers, one for each picture or text */
export async function preparedCodec(
  isolate: PipelineIsolate,
  manifest: Manifest,
  request: { readonly sent: Sent; readonly parameters: PipelineParameters },
  work: Work,
  encode: (answers: readonly TaskAnswer[], items: readonly Item[]) => EncodedMessage,
): Promise<InferenceCodec<RunRequest>> {
  const { pipeline } = manifest;
  if (pipeline === undefined) throw new Error('a version without a pipeline');
  const { after } = pipeline;
  const { parameters } = request;
  checkParameters(pipeline, parameters);
  const { inputs, items } = await prepareInputs(isolate, manifest, request, work);
  const read = outputsRead(after);
  const isPlain = Object.keys(parameters).length === 0;
  let told: readonly TaskAnswer[] = [];
  return {
    decode: () => ({
      ...{ parameters: {}, inputs: [...inputs], binaryOutputs: false },
      outputs: read.map((name) => ({ name, binary: undefined, classification: undefined })),
    }),
    answerBytes: (outputs, maxBytes) => checkTaskAnswerSize(after, outputs, items, parameters.top_k, maxBytes),
    encode: (_, outputs) => {
      const answers = taskAnswers(pipeline, outputs, items, parameters);
      told = answers;
      const message = encode(answers, items);
      return { ...message, headers: { ...message.headers, ...tokenHeaders(items) } };
    },
    answered: () => ({ sent: request.sent, parameters, answers: told }),
    items: (outputs) => answeredItems(pipeline, items, isPlain ? told : taskAnswers(pipeline, outputs, items, {})),
  };
}

function encodeAnswers(
  { task }: Pipeline,
  { form, isBatch }: PipelineRequest,
  answers: readonly TaskAnswer[],
  nonFinite: NonFinite,
): EncodedMessage {
  // The Hub's API answers a classification of JSON with a list for each text, also where there is one, and its clients expect that.
  const isList = isBatch || (task === 'text-classification' && form === 'json');
  return { headers: { 'content-type': 'application/json' }, body: writeJson(isList ? answers : answers[0], nonFinite) };
}

function encodeBytesTensor(
  manifest: Manifest,
  { request }: PipelineTensors,
  answers: readonly TaskAnswer[],
  items: readonly Item[],
  nonFinite: NonFinite,
): EncodedMessage {
  const truncated = truncatedItems(items);
  return encodeTensors(manifest, request, answers, truncated === null ? {} : { truncated }, nonFinite);
}
