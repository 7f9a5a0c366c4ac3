// What a candidate is asked behind an answer, and what its own answer is compared with. A request of tensors is asked again as it is;
// pictures and texts are prepared anew, by the candidate's own pipeline, and compared by what callers see.
import type { PipelineParameters } from '../../registry/api/pipeline-request.ts';
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import { tensorBreaks } from '../../registry/contract/comparison.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { outputsRead } from '../../registry/pipeline/pipeline.ts';
import type { Isolate } from '../isolate.ts';
import { checkParameters } from '../pipeline/parameters.ts';
import { taskAnswers } from '../pipeline/task-answers.ts';
import { binaryByteLength } from '../protocol/binary.ts';
import type { RunRequest } from '../protocol/infer-request.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { Account } from '../runtime/ledger.ts';
import { type Comparison, compareOutputs } from '../telemetry/compare-outputs.ts';
import { compareTaskAnswers } from '../telemetry/compare-task-answers.ts';
import { prepareInputs, type Work } from './prepare-inputs.ts';
import { runChecked, Timing } from './run-checked.ts';
import type { Sent } from './sent.ts';

export interface ShadowQuestion {
  /** Whether the candidate can be asked this at all. */
  fits(candidate: Manifest): boolean;
  /** @param work of the candidate: what it takes in memory is its own */
  compare(isolate: Isolate, candidate: Manifest, work: Work): Promise<Comparison>;
}

/** Pictures or texts with what stable answered. */
export interface AnsweredQuestion {
  readonly sent: Sent;
  readonly parameters: PipelineParameters;
  readonly answers: readonly TaskAnswer[];
}

/** Answers as objects take more than their JSON. */
const bytesPerCharacter = 4;

/**
 * @param answerBytes of stable's answer as JSON
 * @returns null where there is no room to keep the answers
 */
export function askPipeline(
  stable: Manifest,
  { sent, parameters, answers }: AnsweredQuestion,
  answerBytes: number,
  account: Account,
): ShadowQuestion | null {
  if (!account.tryTake('shadows', answerBytes * bytesPerCharacter)) return null;
  return {
    fits: ({ pipeline }) => pipeline?.task === stable.pipeline?.task,
    compare: async (isolate, candidate, work) => {
      const { pipeline } = candidate;
      if (pipeline === undefined) throw new Error('a candidate without a pipeline');
      checkParameters(pipeline, parameters);
      const { inputs, items } = await prepareInputs(isolate, candidate, { sent, parameters }, work);
      const request: RunRequest = { parameters: {}, inputs: [...inputs], outputs: null, binaryOutputs: false };
      const run = { manifest: candidate, request, names: outputsRead(pipeline.after), timing: new Timing() };
      return await runChecked(isolate, run, work, (own) =>
        compareTaskAnswers(
          pipeline.after,
          answers,
          taskAnswers(pipeline, own, items, parameters),
          parameters.threshold,
        ),
      );
    },
  };
}

/**
 * Copies the outputs, which lie in the heap.
 * @returns null where there is no room for copies now
 */
export function askTensors(
  stable: Manifest,
  request: RunRequest,
  outputs: readonly Tensor[],
  account: Account,
): ShadowQuestion | null {
  const bytes = outputs.reduce((sum, { data }) => sum + binaryByteLength(data), 0);
  if (!account.tryTake('shadows', bytes)) return null;
  const copies = outputs.map((tensor) => ({
    ...tensor,
    data: tensor.data instanceof Uint8Array ? tensor.data.slice() : tensor.data.map((string) => string.slice()),
  }));
  return {
    // Two with pipelines may shadow each other although their tensors differ.
    fits: (candidate) => candidate.pipeline === undefined || tensorBreaks(stable, candidate).length === 0,
    compare: async (isolate, candidate, work) => {
      const run = { manifest: candidate, request, names: copies.map(({ name }) => name), timing: new Timing() };
      return await runChecked(isolate, run, work, (own) => compareOutputs(copies, own, stable));
    },
  };
}
