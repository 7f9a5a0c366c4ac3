// A pipeline's requests and answers in place of tensors: pictures become the model's input, its outputs the answer of the task.
import type { PictureParameters } from '../../registry/api/pictures.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Pipeline } from '../../registry/pipeline.ts';
import type { Isolate } from '../isolate.ts';
import { classify } from '../pipeline/classify.ts';
import { admitFor } from '../protocol/check-inputs.ts';
import type { InferRequest } from '../protocol/infer-request.ts';
import type { Tensor } from '../protocol/tensor.ts';
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
  if (pipeline === undefined) return null;
  const request = await readPipelineRequest(body, config.decodeLimits, account);
  if (request === null) return null;
  const tensor = await pictures.prepare(request.files, { image: pipeline.image, admit: admitFor(manifest) }, account);
  return {
    decode: () => ({
      ...{ parameters: {}, inputs: [tensor], binaryOutputs: false },
      outputs: [{ name: pipeline.after.output, binary: undefined, classification: undefined }],
    }),
    encode: (_, outputs) => {
      const answers = answersOf(pipeline, request.parameters, outputs);
      const body = JSON.stringify(request.isBatch ? answers : answers[0]);
      return { headers: { 'content-type': 'application/json' }, body };
    },
  };
}

/** One for each file. */
function answersOf({ after }: Pipeline, parameters: PictureParameters, outputs: readonly Tensor[]): unknown[] {
  const [output] = outputs;
  if (output === undefined) throw new Error(`the model gave no output '${after.output}'`);
  const { top_k: topK = after.topK, threshold } = parameters;
  return classify(output, after, { topK, ...(threshold === undefined ? {} : { threshold }) });
}
