// A pipeline's requests and answers in place of tensors: pictures become the model's input, its outputs the answer of the task.
import type { Manifest } from '../../registry/manifest.ts';
import { outputsRead } from '../../registry/pipeline/pipeline.ts';
import type { Isolate } from '../isolate.ts';
import { checkParameters } from '../pipeline/parameters.ts';
import { taskAnswers } from '../pipeline/task-answers.ts';
import { admitFor } from '../protocol/check-inputs.ts';
import type { InferRequest } from '../protocol/infer-request.ts';
import type { Account } from '../runtime/ledger.ts';
import type { InferenceCodec } from './codecs.ts';
import { type PipelineBody, readPipelineRequest } from './pipeline-request.ts';

/**
 * @returns null where the request is one of tensors or records
 * @throws {PopserveError} INVALID_ARGUMENT naming the step at fault, and those of {@link Pictures.prepare}
 */
export async function pipelineCodec(
  { config, pictures }: Pick<Isolate, 'config' | 'pictures'>,
  manifest: Manifest,
  body: PipelineBody,
  account: Account,
): Promise<InferenceCodec<InferRequest> | null> {
  const { pipeline } = manifest;
  if (pipeline === undefined || !('image' in pipeline)) return null;
  const request = await readPipelineRequest(body, config.decodeLimits, account);
  if (request === null) return null;
  checkParameters(pipeline, request.parameters);
  const { inputs, items } = await pictures.prepare(
    request.files,
    { image: pipeline.image, admit: admitFor(manifest) },
    account,
  );
  const read = outputsRead(pipeline.after);
  return {
    isBrief: true,
    decode: () => ({
      ...{ parameters: {}, inputs: [...inputs], binaryOutputs: false },
      outputs: read.map((name) => ({ name, binary: undefined, classification: undefined })),
    }),
    encode: (_, outputs) => {
      const answers = taskAnswers(pipeline, outputs, items, request.parameters);
      const body = JSON.stringify(request.isBatch ? answers : answers[0]);
      return { headers: { 'content-type': 'application/json' }, body };
    },
  };
}
