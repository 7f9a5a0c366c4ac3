// From a model's outputs to the answers of a pipeline's task, one for each picture or text that was sent.
import type { PipelineParameters } from '../../registry/api/pipeline-request.ts';
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import type { AfterStep, Pipeline } from '../../registry/pipeline/pipeline.ts';
import type { Tensor } from '../protocol/tensor.ts';
import { classify } from './classify.ts';
import type { Prepared } from './items.ts';

/** The model's outputs that the step behind it reads. */
export function outputsRead(after: AfterStep): string[] {
  switch (after.step) {
    case 'classify':
      return [after.output];
  }
}

/**
 * @param outputs at least those of {@link outputsRead}, with a row for each item
 * @throws {PopserveError} INVALID_ARGUMENT for parameters that the task has no use for
 */
export function taskAnswers(
  { after }: Pick<Pipeline, 'after'>,
  outputs: readonly Tensor[],
  _items: Prepared['items'],
  parameters: PipelineParameters,
): TaskAnswer[] {
  switch (after.step) {
    case 'classify': {
      const { top_k: topK = after.topK, threshold } = parameters;
      return classify(named(outputs, after.output), after, {
        topK,
        ...(threshold === undefined ? {} : { threshold }),
      });
    }
  }
}

function named(outputs: readonly Tensor[], name: string): Tensor {
  const output = outputs.find((each) => each.name === name);
  if (output === undefined) throw new Error(`the model gave no output '${name}'`);
  return output;
}
